"""Archives of runs: facts out of the database as Parquet with a manifest of hashes, and back again, verified."""
