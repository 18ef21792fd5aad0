"""Reads Django's migrations."""
