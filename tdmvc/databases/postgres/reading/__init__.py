"""Rows out of PostgreSQL, all of one moment.

`snapshot` opens a transaction, locks tables and asks for what `row_tests` has to know of the rows. `rows` streams them,
from several connections at a time (`merging`), and `values` makes what arrives canonical.
"""
