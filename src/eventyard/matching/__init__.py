"""Does this event concern you? Key patterns, filters and the subscription index. Pure functions."""
