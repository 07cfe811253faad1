"""Text and pictures for people and proposers: log lines, experiments, session report, memory block."""
