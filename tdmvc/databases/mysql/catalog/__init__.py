"""What a database of MySQL or MariaDB declares.

`relations` finds what has rows; `tables` reads all that tables declare, with `indexes`, `defaults` and `types` (which
canonical type holds a column, and how a SELECT asks for it); `schemas` describes them as a dataset does. `objects`
lists views and all else.
"""
