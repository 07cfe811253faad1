"""SQL for people and models: read-only, bounded; saved queries; full text."""
