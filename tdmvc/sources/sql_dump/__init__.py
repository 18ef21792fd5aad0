"""Dumps of databases as SQL: what they are, and their statements and rows.

A dump is no source by itself: its statements run in a temporary server, which is then read like any database
(`workspace/dumps.py`).
"""

from tdmvc.sources.sql_dump.files import DumpFile, find_dump

__all__ = ["DumpFile", "find_dump"]
