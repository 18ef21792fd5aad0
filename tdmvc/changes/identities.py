"""Knows which surrogate keys of two sides name the same row, where a natural key says so.

A database numbers its rows anew when it is built anew: a content type that was 45 is 46,
and every row that refers to it differs. By the natural key it is the same row, and so
what refers to it is the same too.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tdmvc.changes.pairs import TableRules, Translation, pair_columns
from tdmvc.model.change import TableSide
from tdmvc.model.schema import TableSchema

if TYPE_CHECKING:
    import duckdb

Engine = Callable[[], "duckdb.DuckDBPyConnection"]


@contextmanager
def translated_rules(
    engine: Engine,
    old: Mapping[str, TableSide],
    new: Mapping[str, TableSide],
    rules: Mapping[str, TableRules],
) -> Iterator[dict[str, TableRules]]:
    """Offer the rules with translations for each foreign key to a table with a natural key.

    Cost: nothing without natural keys; else a join of each such table that differs.
    The connection holds a temporary table for each until the block ends.
    """
    found = dict(rules)
    made: list[str] = []
    try:
        for table in _in_order_of_reference(new, rules):
            if table not in old or sorted(old[table].parts) == sorted(new[table].parts):
                continue
            key = new[table].schema.key
            if len(key) != 1 or old[table].schema.key != key or key[0] in found[table].key:
                continue
            name = f"temp.tdmvc_same_{len(made)}"
            made.append(name)
            if _find_same_rows(engine(), name, old[table], new[table], found[table], key[0]):
                _translate(found, new, table, key[0], Translation(name))
        yield found
    finally:
        for name in made:
            engine().execute(f"DROP TABLE IF EXISTS {name}")


def _in_order_of_reference(new: Mapping[str, TableSide], rules: Mapping[str, TableRules]) -> list[str]:
    """Tables with natural keys; one whose natural key holds a foreign key comes after what it refers to."""
    wanted = [name for name in sorted(new) if name in rules and rules[name].key]
    ordered: list[str] = []

    def visit(name: str, above: frozenset[str]) -> None:
        if name in ordered or name in above:
            return
        for reference in new[name].schema.references:
            if reference.table in wanted and set(reference.columns) & set(rules[name].key):
                visit(reference.table, above | {name})
        ordered.append(name)

    for name in wanted:
        visit(name, frozenset())
    return ordered


def _find_same_rows(
    con: "duckdb.DuckDBPyConnection",
    name: str,
    old: TableSide,
    new: TableSide,
    rules: TableRules,
    surrogate: str,
) -> bool:
    """Fill a table of (old surrogate, new surrogate); tell whether any row has another number now."""
    # DuckDB is slow to import, and most diffs need none of it.
    from tdmvc.changes.join.json_form import lend_json_form
    from tdmvc.changes.join.pairing import pair_scans
    from tdmvc.changes.join.parts import open_scan

    pairs = pair_columns(old.schema, new.schema, rules, {})
    if pairs.key_names != rules.key:
        return False
    with (
        open_scan(con, old, sorted(old.parts), name="old") as before,
        open_scan(con, new, sorted(new.parts), name="new") as after,
    ):
        pairing = pair_scans(before, after, pairs)
        place = [pair.name for pair in pairs.compared].index(surrogate)
        on = " AND ".join(f"o.{key} = n.{key}" for key in pairing.sort_columns)
        keys = ", ".join(f"o.{key}" for key in pairing.sort_columns)
        with lend_json_form(con, is_needed=pairing.needs_json):
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {name} AS"
                f" SELECT any_value(o.c{place}) AS o, any_value(n.c{place}) AS n"
                f" FROM ({pairing.old_rows()}) o JOIN ({pairing.new_rows()}) n ON {on}"
                f" GROUP BY {keys} HAVING count(*) = 1"
            )
    # A surrogate key that repeats names no row.
    for column in ("o", "n"):
        con.execute(
            f"DELETE FROM {name} WHERE {column} IN"
            f" (SELECT {column} FROM {name} GROUP BY {column} HAVING count(*) > 1)"
        )
    (moved,) = con.execute(f"SELECT count(*) FROM {name} WHERE o IS DISTINCT FROM n").fetchall()[0]
    return bool(moved)


def _translate(
    rules: dict[str, TableRules],
    new: Mapping[str, TableSide],
    table: str,
    surrogate: str,
    translation: Translation,
) -> None:
    """Put the translation into the rules of every table that refers to this one."""
    for child, side in new.items():
        columns = _referring_columns(side.schema, table, surrogate)
        if columns and child in rules:
            own = rules[child]
            translations = {**own.translations, **dict.fromkeys(columns, translation)}
            rules[child] = replace(own, translations=translations)


def _referring_columns(schema: TableSchema, table: str, surrogate: str) -> list[str]:
    return [
        reference.columns[0]
        for reference in schema.references
        if reference.table == table and reference.to == (surrogate,)
    ]
