"""The window on the journal: reads it, shows it, and posts people's intents."""
