"""How names and texts are written into SQL: always quoted, never spliced bare."""


def quote_name(name: str) -> str:
    """Return the name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_names(names: "tuple[str, ...] | list[str]") -> str:
    """Return the names as quoted SQL identifiers with commas between."""
    return ", ".join(quote_name(name) for name in names)


def quote_text(text: str) -> str:
    """Return the text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
