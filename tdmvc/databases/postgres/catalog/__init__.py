"""What a PostgreSQL database declares.

`relations` finds what has rows; `tables` asks `queries` about tables and puts the answers together: `columns`, `types`
(which canonical type holds a column, and how a SELECT asks for it) and `constraints`. `objects` lists all else.
"""
