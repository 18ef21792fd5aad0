"""Two sides of a table joined by SQL: for keys that give no common order, faulty keys, and tables without one.

Handed to DuckDB, which joins, groups and sorts where it can spill; Python holds
only the samples.
"""
