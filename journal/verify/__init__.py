"""Is the journal what was written? Chain, tables, git cross-check."""
