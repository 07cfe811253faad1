"""Whether a change was tried before: similarity, repeats, retries, nearest neighbours. Pure."""
