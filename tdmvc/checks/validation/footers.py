"""What the footers of parts say about their rows: nulls, and the smallest and largest values."""

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.parquet import open_parquet
from tdmvc.checks.predicates.ordinals import Ordinals
from tdmvc.checks.predicates.ranges import allowed_places
from tdmvc.errors import PartError
from tdmvc.model.rules import Range, Required, Rule
from tdmvc.model.schema import Column, TableSchema

_WRITER = "parquet-cpp-arrow"
"""What writes the parts of a store; the statistics of other writers are not relied on."""
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class FooterFacts:
    """What a footer says about a column."""

    nulls: int
    first: int | None
    """The place of the smallest value (see `Ordinals`); None if there is no value, or it is not known."""
    last: int | None
    is_bounded: bool
    """Whether the bounds are known, or there is no value."""


def has_facts(rule: Rule, schema: TableSchema) -> bool:
    """Whether footers may tell how many rows break a rule."""
    column = schema.column(rule.columns[0]) if len(rule.columns) == 1 else None
    if column is None or pa.types.is_nested(column.type) or "." in column.name:
        return False
    match rule.test:
        case Required():
            return True
        case Range():
            return _has_bounds(column.type)
    return False


def count_by_footer(rule: Rule, column: Column, facts: FooterFacts | None) -> int | None:
    """Return how many rows of a part break a rule; None if its footer does not tell."""
    if facts is None:
        return None
    match rule.test:
        case Required():
            return facts.nulls
        case Range() as test if facts.is_bounded:
            ordinals = Ordinals.of(column.type)
            assert ordinals is not None
            least, most = allowed_places(test, ordinals)
            if facts.first is None or facts.last is None:
                return 0
            is_inside = (least is None or facts.first >= least) and (most is None or facts.last <= most)
            return 0 if is_inside else None
    return None


def read_facts(table: str, path: Path, columns: Collection[Column]) -> Mapping[str, FooterFacts]:
    """Return what a part's footer says about top-level columns, by name; those that it says nothing about lack.

    Raises:
        PartError: the part is damaged.
    """
    try:
        with contextlib.closing(open_parquet(path)) as reader:
            footer = reader.metadata
    except (pa.ArrowException, OSError) as error:
        raise PartError.damaged(path, f"table {table}", "its footer cannot be read") from error
    if not str(footer.created_by).startswith(_WRITER):
        return {}
    places = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    found: dict[str, FooterFacts] = {}
    for column in columns:
        if column.name in places:
            chunks = [group.column(places[column.name]).statistics for group in groups]
            facts = _facts(
                column, [(group.num_rows, chunk) for group, chunk in zip(groups, chunks, strict=True)]
            )
            if facts is not None:
                found[column.name] = facts
    return found


def _facts(column: Column, groups: list[tuple[int, object]]) -> FooterFacts | None:
    nulls, firsts, lasts, is_bounded = 0, list[int](), list[int](), _has_bounds(column.type)
    for rows, statistics in groups:
        if statistics is None or not statistics.has_null_count:  # type: ignore[attr-defined]
            return None
        here = int(statistics.null_count)  # type: ignore[attr-defined]
        nulls += here
        if here == rows or not is_bounded:
            continue
        try:
            if not statistics.has_min_max:  # type: ignore[attr-defined]
                raise ValueError
            firsts.append(_place(statistics.min))  # type: ignore[attr-defined]
            lasts.append(_place(statistics.max))  # type: ignore[attr-defined]
        except (ValueError, OverflowError):  # a date beyond the year 9999, which Python lacks
            is_bounded = False
    return FooterFacts(nulls, min(firsts) if firsts else None, max(lasts) if lasts else None, is_bounded)


def _has_bounds(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_date(type_))


def _place(value: object) -> int:
    return (value - _EPOCH).days if isinstance(value, date) else int(str(value))
