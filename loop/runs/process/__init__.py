"""Child processes: start, limit, listen, kill the whole tree."""
