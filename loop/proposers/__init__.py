"""Who has the next idea: each proposer answers a Request with one Proposal (see `loop.contracts`)."""
