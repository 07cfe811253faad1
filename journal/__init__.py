"""The append-only event journal and every read model of it."""
