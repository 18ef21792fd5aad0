"""Which table and columns of a database a dataset's table and columns are."""

from collections.abc import Iterable, Sequence


def find_table(name: str, known: Iterable[str]) -> list[str]:
    """Return the tables of a database that a dataset's table may be; more than one if its name is ambiguous.

    The same name wins, then one that differs in case, then one that differs in its schema: `orders` is
    `public.orders`, and the reverse. Two names that each have a schema are never the same table.
    """
    names = list(known)
    if name in names:
        return [name]
    folded = name.casefold()
    if found := [other for other in names if other.casefold() == folded]:
        return found
    schema, _, bare = folded.rpartition(".")
    return [
        other
        for other in names
        if (parts := other.casefold().rpartition("."))[2] == bare and not (schema and parts[0])
    ]


def match_columns(columns: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return the columns of a database's table by those of a dataset's; what has no match is left out."""
    by_case: dict[str, list[str]] = {}
    for name in known:
        by_case.setdefault(name.casefold(), []).append(name)
    found: dict[str, str] = {}
    for name in columns:
        alike = by_case.get(name.casefold(), [])
        if name in known:
            found[name] = name
        elif len(alike) == 1 and alike[0] not in (*columns, *found.values()):
            found[name] = alike[0]
    return found
