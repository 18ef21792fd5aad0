"""Every rule of merging as data: tests/cases/merge, with every kind of key, and with the sides exchanged.

By default, each case meets two kinds of keys, and each of these one size of parts in one order of the sides: they take
turns.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tdmvc.arrow.types import parse_type
from tdmvc.model.declarations import Default
from tdmvc.model.merge import Conflict, ConflictKind, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tests.series import IS_LONG
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger
from tests.yaml_files import read_yaml

CASES = Path(__file__).parents[1] / "cases" / "merge"


@dataclass(frozen=True)
class KeyForm:
    """A way to spell the case's `id`, in other columns."""

    columns: dict[str, str]
    cells: Callable[[Any], tuple[object, ...]]
    texts: Callable[[Any], tuple[str | None, ...]]


PLAIN = KeyForm({}, lambda id_: (id_,), lambda id_: (str(id_),))
FORMS = {
    "plain": PLAIN,
    "text": KeyForm({"id": "string"}, lambda id_: (f"k {id_}",), lambda id_: (f"k {id_}",)),
    "composite": KeyForm(
        {"region": "string", "id": "int32"},
        lambda id_: ("EU" if id_ % 2 else "US", id_ // 2),
        lambda id_: ("EU" if id_ % 2 else "US", str(id_ // 2)),
    ),
    "null-bearing": KeyForm(
        {"region": "string", "id": "int32"},
        lambda id_: (None if id_ % 2 else "US", None if id_ == 2 else id_),
        lambda id_: (None if id_ % 2 else "US", None if id_ == 2 else str(id_)),
    ),
}


PART_ROWS = (2, 64)
"""Parts of a few rows, and one part for all."""


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        is_plain_only = path.stem in {"tables", "without_key", "defaults"}
        forms = {"plain": PLAIN} if is_plain_only else FORMS
        for number, case in enumerate(read_yaml(path)):
            for at, (name, form) in enumerate(forms.items()):
                for turn, (part, is_mirrored) in enumerate(product(range(len(PART_ROWS)), (False, True))):
                    if IS_LONG or (
                        (number + at + turn) % 4 == 0 and (is_plain_only or (number + at) % 2 == 0)
                    ):
                        told = "mirrored" if is_mirrored else "as told"
                        label = f"{path.stem}: {case['name']} ({name}, parts of {PART_ROWS[part]}, {told})"
                        yield pytest.param(case, form, PART_ROWS[part], is_mirrored, id=label)


@pytest.fixture(scope="module")
def mergers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, TableMerger]]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("merge")
        yield {
            rows: stack.enter_context(open_table_merger(folder / f"app{rows}", rows)) for rows in PART_ROWS
        }


@pytest.mark.parametrize(("case", "form", "part_rows", "is_mirrored"), list(cases()))
def test_a_rule_gives_its_result(
    mergers: dict[int, TableMerger], case: Any, form: KeyForm, part_rows: int, is_mirrored: bool
) -> None:
    merger = mergers[part_rows]
    base, ours, theirs = (side_of(case, case[name], form) for name in ("base", "ours", "theirs"))
    if is_mirrored:
        ours, theirs = theirs, ours
    merged = merger.merge(base, ours, theirs)
    expected = [conflict_of(spelled, form) for spelled in case.get("conflicts", [])]
    if is_mirrored:
        expected = [conflict.mirrored for conflict in expected]
    assert [without_detail(conflict) for conflict in merged.merge.conflicts] == expected
    assert merged.merge.conflict_count == len(expected)
    if expected:
        assert merged.merge.outcome is TableOutcome.CONFLICT
        assert merged.listing is None
        return
    result = side_of(case, case["result"], form)
    if result is None:
        assert merged.merge.outcome is TableOutcome.REMOVED
        return
    assert merged.listing is not None
    assert merged.merge.schema is not None
    assert [(c.name, c.type) for c in merged.merge.schema.columns] == [
        (c.name, c.type) for c in result.schema.columns
    ]
    assert Counter(map(row_of, merger.read(merged.listing))) == Counter(map(row_of, result.rows))
    # A merged table is cut as any other: the same rows are the same parts.
    assert merged.listing == merger.listing(result)
    assert merged.size_bytes == merger.size_bytes(merged.listing)


def side_of(case: Any, spelled: Any, form: KeyForm) -> Rows | None:
    """Return a side; a mapping has columns, and perhaps a key, of its own."""
    if spelled == "absent":
        return None
    own = spelled if isinstance(spelled, dict) else {"rows": spelled}
    columns: dict[str, str] = dict(own.get("columns", case["columns"]))
    has_id = "id" in columns
    key = tuple(own.get("key", ["id"] if has_id else []))
    if form.columns and has_id:
        del columns["id"]
        types = {**form.columns, **columns}
        key = tuple(form.columns)
        rows = [dict(zip(types, (*form.cells(row[0]), *row[1:]), strict=True)) for row in own["rows"]]
    else:
        types = columns
        rows = [dict(zip(types, row, strict=True)) for row in own["rows"]]
    defaults = {name: Default(literal=text) for name, text in case.get("defaults", {}).items()}
    columns_of_side = tuple(
        Column(name, type_of(text), default=defaults.get(name)) for name, text in types.items()
    )
    return Rows(TableSchema(TABLE, columns_of_side, key), rows)


def type_of(text: str) -> pa.DataType:
    found = parse_type(text)
    assert found is not None
    return found


def conflict_of(spelled: Any, form: KeyForm) -> Conflict:
    key = tuple(spelled.get("key", form.texts(spelled["id"]) if "id" in spelled else ()))
    return Conflict(
        ConflictKind(spelled["kind"]),
        key,
        spelled.get("column"),
        base=spelled["base"],
        ours=spelled["ours"],
        theirs=spelled["theirs"],
    )


def without_detail(conflict: Conflict) -> Conflict:
    return Conflict(
        conflict.kind, conflict.key, conflict.column, conflict.base, conflict.ours, conflict.theirs
    )


def row_of(row: Any) -> tuple[tuple[str, object], ...]:
    return tuple(
        (name, "nan" if isinstance(v, float) and math.isnan(v) else v) for name, v in sorted(row.items())
    )
