"""Reads Alembic's migrations."""
