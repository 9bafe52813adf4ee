"""The contract suite of each port: plain classes of pytest tests that an adapter's own test subclasses."""
