"""Compares and merges states of tables and datasets.

Pure except for DuckDB, which does the work: this room receives readers
(`TableSide`), never looks for a file by itself, and holds no more rows in
Python than it shows as samples.
"""
