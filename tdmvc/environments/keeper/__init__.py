"""Environments that keep running: the process that keeps one, its record, and what starts and stops it."""
