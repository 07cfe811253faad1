"""Text and pictures for people and proposers: event lines, experiment, night report, memory block."""
