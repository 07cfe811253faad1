"""The Messages API: one call, its faults and retries, its price. The only importer of anthropic."""
