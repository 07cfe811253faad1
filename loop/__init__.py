"""The loop proposes, runs, judges and records experiments; only this package writes experiment events."""
