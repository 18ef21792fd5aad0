"""The history of a dataset, a table, a row or a cell: which commit or version made it what it is."""
