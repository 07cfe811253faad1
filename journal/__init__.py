"""The memory: an append-only journal of events in SQLite, and every fold of it."""
