"""`ar-tui`: reads the journal, draws it, posts intents."""
