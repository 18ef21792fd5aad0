"""Finds out why tests failed, by running them again."""
