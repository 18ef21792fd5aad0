"""Environments: a database with the right schema and rows for a test run, back to clean after each test."""
