"""`proposer: command`: any coding agent in a throw-away copy."""
