"""One experiment, step by step: propose, gate, commit, run, judge, keep or revert."""
