"""Where the journal lives: memory (the fake, for tests) and sql (SQLite)."""
