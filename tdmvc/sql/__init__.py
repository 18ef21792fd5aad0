"""SQL text, and DuckDB as the engine that runs it, for every room that uses SQL."""
