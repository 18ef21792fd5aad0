"""Finds the surrogate keys of two sides that name the same row by its natural key.

A database that is rebuilt renumbers its rows: a content type that was 45 is 46,
and every row that refers to it differs. By the natural key it is the same row, and so
what refers to it is the same too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from tdmvc.changes.comparison import Engine
from tdmvc.changes.join.forms import register_json_udf
from tdmvc.changes.join.pairing import Pairing, pair_scans
from tdmvc.changes.join.parts import open_scan
from tdmvc.changes.pairs import TableRules, Translation, pair_columns
from tdmvc.model.diff import TableSide
from tdmvc.model.reference_order import order_by_references
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection


@contextmanager
def translated_rules(
    engine: Engine,
    old: Mapping[str, TableSide],
    new: Mapping[str, TableSide],
    rules: Mapping[str, TableRules],
) -> Iterator[dict[str, TableRules]]:
    """Yield the rules with translations for each foreign key to a table with a natural key.

    Cost: nothing without natural keys; else a join of each such table that differs.
    The connection holds a temporary table for each until the block ends.
    """
    found = dict(rules)
    made: list[str] = []
    try:
        for table in _in_order_of_reference(new, rules):
            if table not in old:
                continue
            # Equal bytes name other rows if a natural key holds a number that has moved.
            has_moved = set(found[table].translations) & set(found[table].key)
            if not has_moved and sorted(old[table].parts) == sorted(new[table].parts):
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
    """Return the tables with natural keys, each after the tables to which its natural key refers."""
    return order_by_references(
        {
            name: [one.table for one in table.schema.references if set(one.columns) & set(rules[name].key)]
            for name, table in new.items()
            if name in rules and rules[name].key
        }
    )


def _find_same_rows(
    con: DuckDBConnection,
    name: str,
    old: TableSide,
    new: TableSide,
    rules: TableRules,
    surrogate: str,
) -> bool:
    """Fill a table of the row behind each surrogate key; return whether a surrogate names different rows.

    Rows with the same natural key are the same row and are identified by its new number; a row
    that only one side has equals none. If a natural key repeats or has a null, it identifies
    no row: there, the same number under the same natural key is the same row.
    """
    pairs = pair_columns(old.schema, new.schema, rules, {})
    if pairs.key_names != rules.key:
        return False
    with (
        open_scan(con, old, sorted(old.parts), name="old") as before,
        open_scan(con, new, sorted(new.parts), name="new") as after,
    ):
        pairing = pair_scans(before, after, pairs)
        place = [pair.name for pair in pairs.compared].index(surrogate)
        with register_json_udf(con, is_needed=pairing.needs_json):
            con.execute(_tokens_query(name, pairing, f"CAST(c{place} AS VARCHAR)"))
    (moved,) = con.execute(
        f"SELECT count(*) FROM {name} o JOIN {name} n USING (id)"
        " WHERE NOT o.is_new AND n.is_new AND o.token <> n.token"
    ).fetchall()[0]
    (renumbered,) = con.execute(
        f"SELECT count(*) FROM {name} WHERE NOT is_new AND token <> '=' || id AND starts_with(token, '=')"
    ).fetchall()[0]
    return bool(moved or renumbered)


def _tokens_query(name: str, pairing: Pairing, surrogate: str) -> str:
    keys = ", ".join(pairing.sort_columns)
    is_null = " OR ".join(f"{key} IS NULL" for key in pairing.sort_columns)
    return (
        f"CREATE OR REPLACE TEMP TABLE {name} AS WITH"
        f" numbered AS (SELECT false AS is_new, {surrogate} AS id, {keys} FROM ({pairing.old_rows()})"
        f" UNION ALL SELECT true, {surrogate}, {keys} FROM ({pairing.new_rows()})),"
        " grouped AS (SELECT *, dense_rank() OVER natural_key AS g,"
        " count(*) FILTER (NOT is_new) OVER same AS olds, count(*) FILTER (is_new) OVER same AS news,"
        f" max(id) FILTER (is_new) OVER same AS new_id, {is_null} AS has_null FROM numbered"
        f" WINDOW natural_key AS (ORDER BY {keys}), same AS (PARTITION BY {keys})),"
        " tokens AS (SELECT is_new, id, CASE"
        " WHEN has_null OR olds > 1 OR news > 1 THEN '?' || g || ':' || id"
        " WHEN olds = 0 THEN '+' || id WHEN news = 0 THEN '-' || id ELSE '=' || new_id END AS token FROM grouped)"
        " SELECT is_new, id, string_agg(token, ' ' ORDER BY token) AS token FROM tokens"
        " WHERE id IS NOT NULL GROUP BY is_new, id"
    )


def _translate(
    rules: dict[str, TableRules],
    new: Mapping[str, TableSide],
    table: str,
    surrogate: str,
    translation: Translation,
) -> None:
    """Add the translation to the rules of every table that refers to this one."""
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
