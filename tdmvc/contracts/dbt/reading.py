"""Reads property files of dbt: the tables that they describe, with columns, tests and constraints."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.arrow.types import format_type
from tdmvc.contracts.base import ImportedContract, ImportOptions, Note
from tdmvc.contracts.dbt.data_tests import UnreadTestError, read_data_test, sql_of, unknown_config
from tdmvc.contracts.dbt.generic_tests import add_data_test, ref_name
from tdmvc.contracts.gathering import place_of, unused
from tdmvc.contracts.physical_types import canonical_type
from tdmvc.contracts.tables import TableBuilder, imported
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import Check, ForeignKey, UniqueKey
from tdmvc.model.schema import Column
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

_TABLES: Final = ("models", "seeds", "snapshots")
_TOP: Final = re.compile(r"(?m)^(?:models|sources|seeds|snapshots)\s*:\s*(?:#.*|\[.*)?$")
_TABLE_WORDS: Final = frozenset(
    {"name", "description", "columns", "tests", "data_tests", "constraints", "config", "identifier"}
)
_FOR_PEOPLE: Final = frozenset(
    {"docs", "meta", "tags", "access", "group", "deprecation_date", "label", "loader", "quoting", "quote"}
    | {"policy_tags", "database", "schema", "overrides", "tables", "latest_version"}
)
_COLUMN_WORDS: Final = frozenset(
    {"name", "description", "data_type", "tests", "data_tests", "constraints", "config"}
)


class DbtReader:
    """Reads the YAML files in which dbt's projects describe models, sources, seeds and snapshots."""

    name: Final = "dbt"
    suffixes: Final = ("schema.yml", ".yml", ".yaml")

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text is YAML with a list of models, sources, seeds or snapshots that have names."""
        if not _TOP.search(text):
            return False
        try:
            root = parse_yaml(text, path)
            lists = [root.child(word) for word in (*_TABLES, "sources")] if root.is_mapping else []
            return any(
                one is not None
                and one.is_list
                and all("name" in dict(each.entries()) for each in one.elements())
                for one in lists
            )
        except ConfigError:
            return False

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what a file declares.

        Raises:
            ConfigError: it is wrong; the line is named.
        """
        root = parse_yaml(text, path)
        notes: list[Note] = []
        notes += unused(root, (*_TABLES, "sources", "version"))
        tables = []
        for node in _table_nodes(root, notes):
            table = _read_table(node, options, notes)
            if table is not None:
                tables.append(table)
        return imported(tables, notes, path)


def _table_nodes(root: YamlNode, notes: list[Note]) -> Iterator[YamlNode]:
    for word in _TABLES:
        found = root.child(word)
        yield from found.elements() if found is not None else ()
    sources = root.child("sources")
    for source in sources.elements() if sources is not None else ():
        known = (*_FOR_PEOPLE, "name", "description", "config")
        notes += unused(source, known, f"the source {source.text('name')}")
        tables = source.child("tables")
        yield from tables.elements() if tables is not None else ()


def _read_table(node: YamlNode, options: ImportOptions, notes: list[Note]) -> TableBuilder | None:
    name = node.need("name").as_text()
    config = node.child("config")
    enabled = config.child("enabled") if config is not None else None
    if enabled is not None and enabled.value == "false":
        notes.append(Note(place_of(enabled), f"{name} is not enabled, and left out."))
        return None
    if options.table is not None and name != options.table:
        return None
    known = options.known_table(name)
    table = TableBuilder(name, node, known, description=node.text("description"))
    columns = node.child("columns")
    entries = columns.elements() if columns is not None else ()
    for column in entries:
        _read_column(column, table)
    for column in entries:
        column_name = column.need("name").as_text()
        _read_tests(column, table, column_name)
        _read_constraints(column, table, column_name)
    table.notes += unused(node, _TABLE_WORDS | _FOR_PEOPLE, name)
    _read_tests(node, table, None)
    _read_constraints(node, table, None)
    return table


def _read_column(node: YamlNode, table: TableBuilder) -> None:
    name = node.need("name").as_text()
    declared = node.text("data_type")
    type_, physical = table.open_type(name, "any")
    if declared is not None:
        found = canonical_type(None, declared)
        assert found is not None
        type_, physical = found, None if declared == format_type(found) else declared
    table.add_column(Column(name, type_, physical, description=node.text("description")), node)
    table.notes += unused(node, _COLUMN_WORDS | _FOR_PEOPLE, f"{table.name}.{name}")


def _read_tests(node: YamlNode, table: TableBuilder, column: str | None) -> None:
    for word in ("tests", "data_tests"):
        listed = node.child(word)
        for entry in listed.elements() if listed is not None else ():
            test = read_data_test(entry)
            for key, inner in unknown_config(test):
                table.note(inner, f"'{key[:80]}' of the test {test.kind} has no effect.")
            try:
                add_data_test(test, table, column)
            except UnreadTestError as why:
                where = f"{table.name}.{column}" if column is not None else table.name
                table.note(test.node, f"The test {test.kind[:80]} of {where} is not checked: {why}.")


def _read_constraints(node: YamlNode, table: TableBuilder, column: str | None) -> None:
    listed = node.child("constraints")
    for entry in listed.elements() if listed is not None else ():
        try:
            _read_constraint(entry, table, column)
        except UnreadTestError as why:
            table.note(entry, f"The constraint {entry.text('type')} of {table.name} is not checked: {why}.")


def _read_constraint(entry: YamlNode, table: TableBuilder, column: str | None) -> None:
    kind = entry.need("type").as_text()
    columns = (column,) if column is not None else entry.texts("columns")
    for name in columns:
        if name not in table.columns:
            raise entry.error(f"The model '{table.name}' has no column '{name[:80]}'.")
    if kind in ("not_null", "unique", "primary_key", "foreign_key") and not columns:
        raise entry.error(f"The constraint {kind} lacks 'columns'.", remedy="add 'columns:'.")
    match kind:
        case "not_null":
            for name in columns:
                table.change(name, entry, "required", required=True)
        case "unique" if len(columns) == 1:
            table.change(columns[0], entry, "unique", unique=True)
        case "unique":
            table.add_unique_key(UniqueKey(columns, entry.text("name")), entry)
        case "primary_key":
            table.set_key(columns, entry)
        case "foreign_key":
            table.add_reference(_foreign_key(entry, columns), entry)
        case "check":
            table.add_check(Check(sql_of(entry.need("expression")), entry.text("name")), entry)
        case "custom":
            raise UnreadTestError("it is written for one engine")
        case _:
            raise entry.need("type").error(
                f"The type '{kind[:80]}' of a constraint is unknown.",
                remedy="write not_null, unique, primary_key, foreign_key, check or custom.",
            )


_EXPRESSION = re.compile(
    r"""\s*(?:references\s+)?([\w."{}()' ]+?)\s*\(\s*([\w", ]+)\s*\)\s*""", re.IGNORECASE
)


def _foreign_key(entry: YamlNode, columns: tuple[str, ...]) -> ForeignKey:
    to = entry.child("to")
    if to is not None:
        target, names = ref_name(to), entry.need("to_columns").as_texts()
    else:
        found = _EXPRESSION.fullmatch(entry.need("expression").as_text())
        if found is None:
            raise UnreadTestError("its expression is not `table (column, …)`")
        names = tuple(one.strip().strip('"') for one in found[2].split(","))
        target = found[1].rpartition(".")[2].strip('" ')
    if len(names) != len(columns):
        raise entry.error("The reference names a different number of columns.")
    return ForeignKey(columns, target, names)
