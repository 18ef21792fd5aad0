"""Rows into MySQL, in one transaction.

`opening` begins it. `target` calls the others: `locking` keeps other sessions out, `suspending` keeps triggers from
acting, `inserting` writes rows, `broken_references` checks what was not checked meanwhile, `counting` counts rows and
asks for next numbers, `snapshot` reads back, `fingerprints` and `state` remember what was loaded.
"""
