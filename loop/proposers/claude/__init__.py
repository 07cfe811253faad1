"""`proposer: claude`: one bounded conversation per proposal."""
