"""Values of a dataset as MySQL takes them: exactly, or not at all.

`literals` writes rows as SQL. `value_checks`, `text_checks` and `time_checks` say what may be wrong with values for a
type; `checking` looks for it before anything is written, and `collisions` lets the server compare keys.
"""
