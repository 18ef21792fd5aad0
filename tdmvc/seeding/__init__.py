"""Seeding a database with states of datasets: planning, loading and reading back."""
