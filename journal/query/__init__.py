"""SQL for people and models, read-only and bounded; saved queries; full-text search."""
