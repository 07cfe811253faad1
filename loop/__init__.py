"""The scientist: proposes, runs, judges, records. The only writer of experiment events."""
