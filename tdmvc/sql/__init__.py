"""SQL text, and DuckDB as the engine that runs it: what every room that asks SQL shares."""
