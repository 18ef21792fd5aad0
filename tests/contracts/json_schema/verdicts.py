"""What tdmvc's engine says about values and rows under a JSON Schema, to compare with a validator's word."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tdmvc.arrow.types import SIMPLE, is_canonical
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.json_schema.columns import ColumnReader
from tdmvc.contracts.json_schema.conjuncts import conjuncts_of
from tdmvc.contracts.json_schema.format import JsonSchemaReader, check_schema, read_draft
from tdmvc.contracts.json_schema.recursion import check_recursion
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.contracts.json_schema.types import JSON, column_of
from tdmvc.documents.json_text import Json, read_document, render_json
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Severity
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.validation import RuleResult, RuleVerdict

NUMBER = Column("#", SIMPLE["int64"])
"""The key that tells the rows apart."""
Reasons = dict[str, int]


def column_verdicts(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    schema: str,
    column: Column,
    cells: pa.Array,
    reasons: Reasons,
) -> list[bool | None]:
    """Return whether each cell of a column is valid; None where tdmvc says that it cannot tell."""
    document = read_document(schema, "s.json")
    draft = read_draft(document)
    check_schema(document, "", draft)
    resources = Resources(document, draft)
    check_recursion(resources)
    conjuncts = conjuncts_of(resources, [SchemaPlace("", document.value)])
    declared = column_of(column.name, resources, conjuncts, column)
    rules = tuple(ColumnReader(resources, "t", declared).rules(conjuncts))
    table = TableSchema("t", (NUMBER, declared), ("#",), further_rules=rules)
    side = write_side(
        folder, replace(table, columns=(NUMBER, column), further_rules=()), {column.name: cells}
    )
    return _verdicts(con, side, table, reasons)


def row_verdicts(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    schema: str,
    columns: Sequence[Column],
    cells: Mapping[str, pa.Array],
    reasons: Reasons,
) -> list[bool | None]:
    """Return whether each row is valid; None where tdmvc says that it cannot tell."""
    known = TableSchema("t", tuple(columns))
    read = JsonSchemaReader().read(schema, "s.json", ImportOptions("t", known={"d": Contract({"t": known})}))
    table = read.contract.tables["t"]
    lacking = [one for one in table.columns if known.column(one.name) is None]
    table = replace(table, columns=(NUMBER, *table.columns), key=("#",))
    held = (NUMBER, *columns, *lacking)
    rows = len(next(iter(cells.values())))
    nulls = {one.name: pa.nulls(rows, one.type) for one in lacking}
    side = write_side(folder, TableSchema("t", held, ("#",)), {**cells, **nulls})
    return _verdicts(con, side, table, reasons)


def write_side(folder: Path, schema: TableSchema, cells: Mapping[str, pa.Array]) -> TableSide:
    rows = len(next(iter(cells.values())))
    numbered = {"#": pa.array(range(rows), NUMBER.type), **cells}
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    table = pa.Table.from_arrays([numbered[one] for one in schema.column_names], schema=schema.arrow_schema())
    pq.write_table(table, path)
    return TableSide(schema, (path.stem,), rows, lambda parts: [path for _ in parts])


def _verdicts(
    con: duckdb.DuckDBPyConnection, side: TableSide, table: TableSchema, reasons: Reasons
) -> list[bool | None]:
    options = ValidationOptions(examples=1_000_000)
    (found,) = validate_tables(con, {"t": side}, Contract({"t": table}), options)
    verdicts: list[bool | None] = [True] * side.rows
    for result in found.results:
        if result.reason is not None and result.verdict is not RuleVerdict.FAILED:
            reasons[result.reason] = reasons.get(result.reason, 0) + 1
        _apply(result, verdicts)
    return verdicts


def _apply(result: RuleResult, verdicts: list[bool | None]) -> None:
    if result.verdict is RuleVerdict.PASSED or result.severity is Severity.WARNING:
        return
    if result.verdict is RuleVerdict.NOT_EVALUATED:
        verdicts[:] = [None if one else one for one in verdicts]
    elif result.failing is None:
        verdicts[:] = [False] * len(verdicts)  # the column is of another type
    else:
        assert result.failing == len(result.examples)
        for row in result.examples:
            verdicts[int(row.key["#"])] = False


def columns_for(name: str, values: Sequence[Json]) -> list[tuple[Column, pa.Array, list[int]]]:
    """Return the columns that can hold some of the values exactly, each with its cells and the places of those."""
    found = []
    for type_ in (
        SIMPLE["bool"],
        SIMPLE["int64"],
        pa.decimal128(38, 0),
        pa.decimal128(38, 6),
        SIMPLE["float64"],
        SIMPLE["string"],
    ):
        places = [place for place, value in enumerate(values) if _holds(type_, value)]
        if places:
            found.append(
                (Column(name, type_), pa.array([_cell(type_, values[one]) for one in places], type_), places)
            )
    for place, value in enumerate(values):
        if isinstance(value, list | dict):
            nested = _nested(value)
            if nested is not None:
                found.append((Column(name, nested.type), nested, [place]))
    texts = [(place, text) for place, value in enumerate(values) if (text := _text(value)) is not None]
    if texts:
        array = pa.array([text for _, text in texts], pa.string())
        found.append((Column(name, pa.string(), physical_type=JSON), array, [place for place, _ in texts]))
    return found


def _text(value: Json) -> str | None:
    text = render_json(value)
    return None if "\\ud8" in text.lower() and json.loads(text) != value else text


def _holds(type_: pa.DataType, value: Json) -> bool:
    if pa.types.is_boolean(type_):
        return isinstance(value, bool)
    if pa.types.is_string(type_):
        return (isinstance(value, str) and value.isprintable()) or (
            isinstance(value, str) and _is_text(value)
        )
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    if pa.types.is_floating(type_):
        return abs(Decimal(value).adjusted()) < 300 and Decimal(repr(float(value))) == value
    try:
        return bool(pa.scalar(_cell(type_, value), type_).as_py() == value)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return False


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cell(type_: pa.DataType, value: Json) -> object:
    if pa.types.is_decimal(type_):
        return Decimal(value) if isinstance(value, int | Decimal) else value
    if pa.types.is_floating(type_):
        return float(value) if isinstance(value, int | Decimal) else value
    if pa.types.is_integer(type_) and isinstance(value, Decimal):
        raise TypeError
    return value


def _nested(value: Json) -> pa.Array | None:
    """Return a value as one cell of a list or struct that holds exactly it; None if none does."""
    try:
        array = pa.array([value])
    except (pa.ArrowException, TypeError, OverflowError):
        return None
    if pa.types.is_null(array.type) or "null" in str(array.type) or not is_canonical(array.type):
        return None
    return array if _same(array.to_pylist()[0], value) and "{}" not in render_json(value) else None


def _same(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            value is not None and _same(value, other[key]) for key, value in one.items()
        )
    return type(one) is type(other) and one == other
