"""Every rule of merging as data: tests/cases/merge, with every kind of key, and with the sides changed."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from tdmvc.arrow.types import parse_type
from tdmvc.model.declarations import Default
from tdmvc.model.merge import Conflict, ConflictKind, TableOutcome
from tdmvc.model.schema import Column, TableSchema
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger

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


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        is_plain_only = path.stem in {"tables", "without_key", "defaults"}
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            for name, form in FORMS.items():
                if name == "plain" or not is_plain_only:
                    yield pytest.param(case, form, id=f"{path.stem}: {case['name']} ({name})")


@pytest.fixture(scope="module", params=[2, 64])
def merger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableMerger]:
    """Parts of a few rows, and one part for all."""
    with open_table_merger(tmp_path_factory.mktemp("merge") / "app", request.param) as merger:
        yield merger


@pytest.mark.parametrize("is_mirrored", [False, True], ids=["as told", "mirrored"])
@pytest.mark.parametrize(("case", "form"), list(cases()))
def test_a_rule_gives_its_result(merger: TableMerger, case: Any, form: KeyForm, is_mirrored: bool) -> None:
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
