"""Tables, types and views that a dataset declares, made in PostgreSQL.

`tables` makes them one by one and reports what the database refuses. `column_types` chooses the types, `declaring`
writes the statements, and `expressions` keeps SQL of a contract from doing more than it declares.
"""
