"""Whether an experiment has already tried a change: similarity, repeats, retries, nearest neighbours. Pure."""
