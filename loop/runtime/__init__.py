"""What every step shares while a session is open: recorder, control, workers, the proposer's thread."""
