"""Which table and columns of a database a dataset's table and columns are."""

from collections.abc import Iterable, Mapping, Sequence

from tdmvc.model.schema import Column, TableSchema


class TableNames:
    """The names of a database's tables, in which a dataset's tables are found."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._by_case: dict[str, list[str]] = {}
        self._by_table: dict[str, list[str]] = {}
        """By their names in lower case, without schema."""
        for name in sorted(self._names):
            folded = name.casefold()
            self._by_case.setdefault(folded, []).append(name)
            self._by_table.setdefault(folded.rpartition(".")[2], []).append(name)

    def find(self, name: str) -> list[str]:
        """Return the tables that a dataset's table may be, sorted; more than one if its name is ambiguous.

        The same name wins, then one that differs in case, then one that differs in its schema: `orders` is
        `public.orders`, and the reverse. Two names that each have a schema are never the same table.
        """
        if name in self._names:
            return [name]
        folded = name.casefold()
        if found := self._by_case.get(folded):
            return found
        schema, _, table = folded.rpartition(".")
        return [other for other in self._by_table.get(table, ()) if not (schema and "." in other)]

    def find_only(self, name: str) -> str | None:
        """Return the table that a dataset's table is; None if there is none, or several may be it."""
        found = self.find(name)
        return found[0] if len(found) == 1 else None


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


def missing_columns(own: TableSchema, names: Mapping[str, str]) -> list[Column]:
    """Return the columns of a dataset's table that the database's lacks.

    Args:
        names: the database's columns by the dataset's.
    """
    return [column for column in own.columns if column.name not in names]


def further_columns(schema: TableSchema, names: Mapping[str, str]) -> tuple[list[Column], list[Column]]:
    """Return the columns that only the database's table has: those that need a value, and all others.

    Args:
        names: the database's columns by the dataset's.
    """
    given = set(names.values())
    further = [column for column in schema.columns if column.name not in given]
    return [one for one in further if _needs_value(one)], [one for one in further if not _needs_value(one)]


def _needs_value(column: Column) -> bool:
    has_own = column.default is not None or column.generated is not None or column.identity is not None
    return column.required and not has_own
