"""For everyone who extends the hub: fakes, builders, and the contract suite of each port."""
