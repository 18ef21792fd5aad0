"""Parquet files of any writer; several files may be one table."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.parquet import open_parquet, read_column
from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE, is_widening, leaf_types, map_type
from tdmvc.errors import SourceError
from tdmvc.model.location import check_path
from tdmvc.model.names import table_name
from tdmvc.model.schema import UNTYPED, Column, TableSchema
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sources.base import SourceOptions, check_column_names, check_field_names, stem
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, find_unreadable
from tdmvc.sql.quoting import quote_name, scan_parquet
from tdmvc.sql.types import CanonicalForm, DuckDBType, canonical_form, check_losses, duckdb_type, loss_error

_SUFFIXES = (".parquet", ".pq", ".parq")
_MAGIC = b"PAR1"
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_PART_NAME = re.compile(
    r"(?i)(part|data|chunk|file|batch)?[-_.]?[0-9][0-9a-z_.-]*|part[-_.].*|[0-9a-f]{8,}([-_][0-9a-f-]*)?"
)
_OWN_PART = re.compile(r"[0-9a-f]{64}(-[0-9]+)?\.parquet")


class ParquetSource:
    """One Parquet file."""

    name = "Parquet (.parquet)"
    names_tables = False

    def matches(self, path: Path) -> bool:
        return path.is_file() and _is_parquet(path)

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        return [_open_table([path], options.table or stem(path), path, con)]


def holds_only_parquet(folder: Path) -> bool:
    """Whether a folder has only Parquet files, besides dot files and Spark's own."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "_"))]
    return bool(entries) and all(entry.is_file() and _is_parquet(entry) for entry in entries)


def looks_like_parts(folder: Path) -> bool:
    """Whether the files have names of parts (`part-0001`, `data_0`, a hash) and not of tables."""
    return all(_PART_NAME.fullmatch(stem(file)) for file in _files(folder))


def folder_table(folder: Path) -> str:
    """Return the table whose parts a folder has: of parts that tdmvc wrote, the name that the folder stands for."""
    if all(_OWN_PART.fullmatch(file.name) for file in _files(folder)):
        with contextlib.suppress(UnicodeDecodeError):
            return table_name(folder.name)
    return folder.name


def open_parquet_folder(folder: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
    """Describe the one table whose rows are in the files of a folder."""
    files = _files(folder)
    for file in files:
        check_path(file)
    return [_open_table(files, options.table or folder_table(folder), folder, con)]


def _files(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "_")))


def _is_parquet(path: Path) -> bool:
    if path.name.lower().endswith(_SUFFIXES):
        return True
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


@dataclass(frozen=True, slots=True)
class _FileColumn:
    """A column of one file."""

    name: str
    form: CanonicalForm
    is_null: bool
    """The file declares no type, because all values are null."""


@dataclass(slots=True)
class _Group:
    """Files with the same columns."""

    files: list[Path]
    columns: dict[str, _FileColumn]
    notes: tuple[str, ...]
    suggested_key: tuple[str, ...]

    @property
    def scan(self) -> str:
        return scan_parquet(self.files)


def _open_table(files: Sequence[Path], name: str, origin: Path, con: DuckDBConnection) -> SourceTable:
    groups = _groups(files, con)
    columns = _merged_columns(groups, name)
    check_column_names([column.name for column in columns], origin)
    try:
        for group in groups:
            check_losses(
                con, group.scan, name, {column.name: column.form for column in group.columns.values()}
            )
    except duckdb_error() as error:
        fault = _find_fault(groups, con)
        if fault is None:
            raise
        raise fault from error
    query = " UNION ALL ".join(_query(group, columns) for group in groups)
    notes = tuple(dict.fromkeys(note for group in groups for note in group.notes))
    return SourceTable(
        TableSchema(name, tuple(columns)),
        SqlScan(query),
        str(origin),
        suggested_key=groups[0].suggested_key,
        find_fault=lambda: _find_fault(groups, con),
        notes=notes,
    )


def _find_fault(groups: Sequence[_Group], con: DuckDBConnection) -> SourceError | None:
    """Return the file and column that cannot be decoded; reads everything, so use it only after an error."""
    for group in groups:
        for file in group.files:
            found = find_unreadable(con, scan_parquet([file]), list(group.columns))
            if found is not None:
                return _cannot_decode(file, *found)
    return None


def _cannot_decode(file: Path, column: str, why: str) -> SourceError:
    return SourceError.unreadable(
        file,
        f"the column {column} {why}.",
        remedy="write the file again, with texts in UTF-8 (or as binary) and usual encodings, as PyArrow writes them.",
    )


def _groups(files: Sequence[Path], con: DuckDBConnection) -> list[_Group]:
    groups: dict[tuple[tuple[str, str], ...], _Group] = {}
    for file in files:
        group = _read_file(file, con)
        shape = tuple((column.name, str(column.form.source)) for column in group.columns.values())
        if shape in groups:
            groups[shape].files.append(file)
        else:
            groups[shape] = group
    return list(groups.values())


def _read_file(file: Path, con: DuckDBConnection) -> _Group:
    try:
        with contextlib.closing(open_parquet(file)) as reader:
            arrow = reader.schema_arrow
        check_column_names(arrow.names, file)
        for type_ in arrow.types:
            check_field_names(type_, file)
        relation = con.sql(f"SELECT * FROM {scan_parquet([file])}")
        sources = dict(zip(arrow.names, relation.types, strict=True))
    except (pa.ArrowException, duckdb_error(), OSError, ValueError) as error:
        first_line = str(error).split("\n", 1)[0]
        raise SourceError.unreadable(
            file,
            f"it is not a complete Parquet file ({first_line}).",
            remedy="write it again, and close it.",
        ) from error
    index = _index_columns(arrow)
    notes = [f"{name}: left out, the index of a pandas frame" for name in index]
    columns: dict[str, _FileColumn] = {}
    for field in arrow:
        if field.name in index:
            continue
        source: DuckDBType = sources[field.name]
        form = _form(file, field, source)
        if pa.types.is_duration(field.type):
            form = replace(form, physical_type=str(field.type))
            notes.append(f"{field.name}: a duration, kept as a whole number of its unit ({field.type.unit})")
        columns[field.name] = _FileColumn(field.name, form, pa.types.is_null(field.type))
        if _has_nanoseconds(field.type) and "_NS" not in str(source):
            _check_int96(file, field)
    if not columns:
        raise SourceError.unreadable(file, "it has no columns.", remedy="check what wrote it.")
    return _Group(
        [file], columns, tuple(notes), tuple(name for name in _index_names(arrow) if name in columns)
    )


def _index_columns(arrow: pa.Schema) -> tuple[str, ...]:
    return tuple(name for name in _index_names(arrow) if _PANDAS_INDEX.fullmatch(name))


def _index_names(arrow: pa.Schema) -> list[str]:
    """Return the columns that were the index of a pandas frame; a plain range is not stored as a column."""
    described = (arrow.pandas_metadata or {}).get("index_columns", [])
    return [name for name in described if isinstance(name, str)]


def _form(file: Path, field: pa.Field, source: DuckDBType) -> CanonicalForm:
    if any(_is_wide_decimal(type_) for type_ in leaf_types(field.type)):
        raise SourceError.would_lose(
            file.name,
            field.name,
            f"{field.type} has more than {MAX_DECIMAL_DIGITS} digits.",
            remedy="write the column as text, or with fewer digits.",
        )
    return canonical_form(source, field.name, str(file))


def _is_wide_decimal(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) and type_.precision > MAX_DECIMAL_DIGITS)


def _has_nanoseconds(type_: pa.DataType) -> bool:
    return any(pa.types.is_timestamp(leaf) and leaf.unit == "ns" for leaf in leaf_types(type_))


def _check_int96(file: Path, field: pa.Field) -> None:
    """Refuse nanoseconds in Spark's old timestamps, which DuckDB silently cuts off."""

    def in_microseconds(leaf: pa.DataType) -> pa.DataType:
        is_fine = pa.types.is_timestamp(leaf) and leaf.unit == "ns"
        return pa.timestamp("us", leaf.tz) if is_fine else leaf

    target = map_type(field.type, in_microseconds)
    try:
        for batch in read_column(file, field.name):
            batch.column(0).cast(target)
    except pa.ArrowInvalid:
        raise loss_error(file.name, field.name, "timestamp_ns") from None
    except OSError as error:
        raise _cannot_decode(file, field.name, "is damaged") from error


def _merged_columns(groups: Sequence[_Group], table: str) -> list[Column]:
    """Return the columns of all files, each with the type of its widest file."""
    merged: dict[str, Column] = {}
    first_file: dict[str, Path] = {}
    for group in groups:
        for column in group.columns.values():
            known = merged.get(column.name)
            physical_type = UNTYPED if column.is_null else column.form.physical_type
            new = Column(column.name, column.form.type, physical_type)
            if known is None or (column.name not in first_file and not column.is_null):
                merged[column.name] = new
            elif column.name in first_file and not column.is_null:
                type_ = _common_type(known.type, new.type)
                if type_ is None:
                    raise SourceError.unreadable(
                        group.files[0].parent,
                        f"the column {column.name} of {table} is {known.type_text} in "
                        f"{first_file[column.name].name}, but {new.type_text} in {group.files[0].name}.",
                        remedy="write all files with the same type, or add them as separate tables.",
                    )
                is_same = known.physical_type == new.physical_type
                merged[column.name] = Column(column.name, type_, known.physical_type if is_same else None)
            if not column.is_null:
                first_file.setdefault(column.name, group.files[0])
    return list(merged.values())


_WIDER = (SIMPLE["int16"], SIMPLE["int32"], SIMPLE["int64"], pa.decimal128(20, 0), SIMPLE["float64"])


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the narrowest type that holds every value of both exactly, or None."""
    for type_ in (one, other, *_WIDER):
        if is_widening(one, type_) and is_widening(other, type_):
            return type_
    if pa.types.is_decimal(one) and pa.types.is_decimal(other):
        scale = max(one.scale, other.scale)
        digits = max(one.precision - one.scale, other.precision - other.scale) + scale
        return pa.decimal128(digits, scale) if digits <= MAX_DECIMAL_DIGITS else None
    return None


def _query(group: _Group, columns: Sequence[Column]) -> str:
    selected = ", ".join(_select(group.columns.get(column.name), column) for column in columns)
    return f"SELECT {selected} FROM {group.scan}"


def _select(found: _FileColumn | None, column: Column) -> str:
    name, type_ = quote_name(column.name), duckdb_type(column.type)
    if found is None:
        return f"CAST(NULL AS {type_}) AS {name}"
    return f"CAST({found.form.expression(name)} AS {type_}) AS {name}"
