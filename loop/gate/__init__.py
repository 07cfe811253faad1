"""Whether a proposal may run: scope, syntax, the brief's rules, repeats. Pure."""
