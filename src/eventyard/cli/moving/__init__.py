"""Moving over: what another hub has is read, shown as a plan, and brought in."""
