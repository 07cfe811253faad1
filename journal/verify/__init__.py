"""Whether the journal is as it was written: chain, tables, cross-check with git."""
