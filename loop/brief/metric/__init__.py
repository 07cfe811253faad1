"""The metric: where its number is in the output of a run, how it is read, and which number a goal is about. Pure."""
