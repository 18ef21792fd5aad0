"""Branches that add, rename, drop and edit columns whose names clash: no cell is lost, and all can be decided."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.merging.tables import MergedTable
from tdmvc.model.merge import UNDECIDED, Choice, Resolutions, Side
from tdmvc.model.schema import Column, TableSchema
from tests.series import trials
from tests.table_merger import TABLE, Rows, TableMerger, open_table_merger

# Names that differ by case, by special letters, by Unicode's two forms of é and of Å, and names of no clash.
NAMES = (
    "label",
    "Label",
    "LABEL",
    "straße",
    "STRASSE",
    "caf\u00e9",
    "cafe\u0301",
    "\u212b",
    "\u00c5",
    "size",
    "code",
)
LAW = settings(max_examples=trials(150, 6), deadline=None, suppress_health_check=[HealthCheck.too_slow])
MOST_ROUNDS = 30
_NEW = -1
"""No row has this id; a column that has it came on one side."""


@pytest.fixture(scope="module")
def merger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableMerger]:
    with open_table_merger(tmp_path_factory.mktemp("names") / "app", 4) as merger:
        yield merger


@dataclass(frozen=True)
class Table:
    """Columns by name, each with its texts by id; every text occurs once, so that a lost one is noticed."""

    ids: tuple[int, ...]
    columns: dict[str, dict[int, str]]
    has_dropped: bool = False

    @property
    def rows(self) -> Rows:
        columns = (Column("id", pa.int64()), *(Column(name, pa.string()) for name in self.columns))
        rows = [{"id": n, **{name: cells.get(n) for name, cells in self.columns.items()}} for n in self.ids]
        return Rows(TableSchema(TABLE, columns, ("id",)), rows)

    @property
    def texts(self) -> set[str]:
        return {text for cells in self.columns.values() for n, text in cells.items() if n in self.ids}

    def changes(self, base: "Table", other: "Table") -> set[str]:
        """Return the texts of this side that a merge has to keep.

        A filled new column is no edit of a row that the other side deleted, because it would conflict with every
        deletion; and new rows come without the columns that the other side dropped. A renamed column is one that
        was dropped and one that is new, if too few of its cells are as before.
        """
        deleted, known = set(base.ids) - set(other.ids), set(base.ids)
        free: set[str] = set()
        for name, cells in self.columns.items():
            is_new = _NEW in cells or name not in base.columns
            is_gone = other.has_dropped or name not in other.columns
            free |= {t for n, t in cells.items() if (is_new and n in deleted) or (is_gone and n not in known)}
        return self.texts - base.texts - free


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, Table, Table]:
    """A table, and what two people made of it."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique_by=str.casefold))
    ids = tuple(range(draw(st.integers(1, 6))))
    base = Table(ids, {name: {n: f"base {place} {n}" for n in ids} for place, name in enumerate(names)})
    return base, draw(changed(base, "ours")), draw(changed(base, "theirs"))


@st.composite
def changed(draw: st.DrawFn, base: Table, who: str) -> Table:
    table = base
    for step in range(draw(st.integers(1, 4))):
        columns = {name: dict(cells) for name, cells in table.columns.items()}
        name = draw(st.sampled_from(sorted(columns))) if columns else ""
        free = [n for n in NAMES if n.casefold() not in {one.casefold() for one in columns if one != name}]
        row = draw(st.sampled_from(table.ids)) if table.ids else 0
        match draw(st.sampled_from(["rename", "add", "drop", "edit", "edit", "delete", "insert"])):
            case "rename" if name:
                new = draw(st.sampled_from(free))
                columns = {new if one == name else one: cells for one, cells in columns.items()}
            case "add":
                free = [n for n in free if n.casefold() != name.casefold()]
                cells = draw(st.sets(st.sampled_from(table.ids))) if table.ids else set()
                columns[draw(st.sampled_from(free))] = {_NEW: "", **{n: f"{who} {step} {n}" for n in cells}}
            case "drop" if len(columns) > 1:
                del columns[name]
                table = replace(table, has_dropped=True)
            case "edit" if name:
                columns[name][row] = f"{who} {step} {row}"
            case "delete":
                table = replace(table, ids=tuple(n for n in table.ids if n != row))
            case "insert":
                table = replace(table, ids=(*table.ids, 100 + step))
                for place, cells in enumerate(columns.values()):
                    cells[100 + step] = f"{who} {step} new {place}"
        table = replace(table, columns=columns)
    return table


def merge(
    merger: TableMerger, sides: tuple[Table, Table, Table], resolutions: Resolutions = UNDECIDED
) -> MergedTable:
    base, ours, theirs = (side.rows for side in sides)
    return merger.merge(base, ours, theirs, resolutions)


def texts_of(merger: TableMerger, merged: MergedTable) -> set[object]:
    assert merged.listing is not None
    return {value for row in merger.read(merged.listing) for value in row.values()}


def decide(
    merger: TableMerger, sides: tuple[Table, Table, Table], choose: st.DataObject | Side
) -> MergedTable:
    """Decide one conflict after the other, as `resolve` does with its printed commands."""
    chosen = Resolutions()
    for _ in range(MOST_ROUNDS):
        merged = merge(merger, sides, chosen)
        if not merged.merge.conflicts:
            return merged
        conflict = merged.merge.conflicts[0]
        side = choose if isinstance(choose, Side) else choose.draw(st.sampled_from(Side))
        if conflict.kind.is_about_rows:
            row = {**chosen.rows.get(conflict.key, {}), conflict.column: Choice(side)}
            chosen = replace(chosen, rows={**chosen.rows, conflict.key: row})
        elif conflict.column is not None and conflict.column not in chosen.columns:
            chosen = replace(chosen, columns={**chosen.columns, conflict.column: side})
        else:
            chosen = replace(chosen, table=side)
    raise AssertionError("conflicts without an end")


@LAW
@given(sides=tables())
def test_without_a_conflict_no_change_of_either_side_is_lost(
    merger: TableMerger, sides: tuple[Table, Table, Table]
) -> None:
    merged = merge(merger, sides)
    if merged.merge.conflicts:
        return
    base, ours, theirs = sides
    found = texts_of(merger, merged)
    assert ours.changes(base, theirs) <= found
    assert theirs.changes(base, ours) <= found
    assert (base.texts & ours.texts & theirs.texts) <= found


@LAW
@given(sides=tables(), data=st.data())
def test_every_clash_of_names_can_be_decided(
    merger: TableMerger, sides: tuple[Table, Table, Table], data: st.DataObject
) -> None:
    merged = decide(merger, sides, data)
    assert merged.listing is not None
    assert merged.merge.schema is not None
    names = merged.merge.schema.column_names
    assert len({name.casefold() for name in names}) == len(names)


@LAW
@given(sides=tables(), side=st.sampled_from([Side.OURS, Side.THEIRS]))
def test_what_a_side_did_is_there_if_every_conflict_is_decided_for_it(
    merger: TableMerger, sides: tuple[Table, Table, Table], side: Side
) -> None:
    merged = decide(merger, sides, side)
    base, own, other = sides if side is Side.OURS else (sides[0], sides[2], sides[1])
    assert own.changes(base, other) <= texts_of(merger, merged)
