"""Property files of dbt: tests, columns and constraints of models, sources, seeds and snapshots."""
