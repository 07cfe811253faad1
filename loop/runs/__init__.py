"""One run: export a commit, train it, evaluate it, report how it ended."""
