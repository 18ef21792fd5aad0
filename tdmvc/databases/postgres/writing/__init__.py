"""Rows into PostgreSQL, in one transaction.

`opening` begins it. `target` calls the others in this order: `locking` keeps other sessions out; `suspending` turns off
triggers, rules and references; `changing` empties tables or applies differences; `copying` loads rows, between dropping
indexes and making them again (`rebuilding`); `numbering` moves sequences; `broken_references` checks what was not
checked meanwhile; `fingerprints` (of the `versions` of rows, which `moments` may spare it to read) and `state` remember
what was loaded. `counting` asks one question about many tables.
"""
