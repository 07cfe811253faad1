"""Who proposes the next change; each answers a Request with a Proposal."""
