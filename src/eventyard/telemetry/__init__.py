"""Every metric and log key of the hub is declared here."""
