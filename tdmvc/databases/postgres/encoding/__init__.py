"""Values of a dataset as PostgreSQL takes them: exactly, or not at all.

`target_columns` reads the types of a table to be loaded. `forms` decides how each column is sent: in the form of
`binary`, else as `texts`; `copy_format` makes the rows of COPY from them, which a thread does `ahead` of what is sent.
`value_checks` says what may be wrong with values for a type, and `checking` looks for it before anything is written,
asking the server where only it knows.
"""
