"""One run: export a commit, train it, evaluate it, say how it ended."""
