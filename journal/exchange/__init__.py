"""Import and export: JSON Lines, TSV, CSV, Parquet."""
