"""What the hub does, one file per verb. Knows ports and words; never an adapter, never a front door."""
