"""The difference between two versions of a table, written to a database that has the first, gives the second."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tdmvc
from tdmvc.databases import FILES
from tdmvc.model.seeding import LoadMethod
from tests.builders import copy_repo
from tests.seeding.memory_database import MemoryDatabase
from tests.series import trials

SCHEMA = pa.schema(
    [("id", pa.int64()), ("name", pa.string()), ("weight", pa.float64()), ("tags", pa.list_(pa.int32()))]
)
PLAIN = pa.schema(list(SCHEMA)[:3])
NAMES = st.sampled_from(["", "a", "b", None])
WEIGHTS = st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf"), None])
CELLS = st.tuples(NAMES, WEIGHTS, st.sampled_from([[], [1], [1, None], None]))
TABLES = st.dictionaries(st.integers(0, 400), CELLS, max_size=60)
Rows = dict[int, tuple[object, ...]]
EDITS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 2), st.tuples(NAMES, WEIGHTS, st.none())), max_size=6
)
"""Places of rows, which of their cells changes, and what it may become."""


@pytest.fixture(scope="module")
def small_parts(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose dataset has parts of few rows."""
    app = copy_repo(template, tmp_path_factory.mktemp("difference") / "app")
    folder = app / "datasets" / "golden"
    folder.mkdir(parents=True)
    (folder / "dataset.yaml").write_text(
        "format: tdmvc.dataset/1\nname: golden\nkind: golden\npart_rows: 16\n"
    )
    return app


@given(
    common=st.integers(0, 200),
    first=TABLES,
    edits=EDITS,
    second=TABLES,
    is_nested=st.booleans(),
    kept=st.sampled_from([0, 10]),
)
@settings(max_examples=trials(300, 10))
def test_the_difference_gives_the_other_version(
    small_parts: Path,
    common: int,
    first: Rows,
    edits: list[tuple[int, int, tuple[object, ...]]],
    second: Rows,
    is_nested: bool,
    kept: int,
) -> None:
    shared: Rows = {1000 + number: ("same", float(number), [number]) for number in range(common)}
    before = shared | first
    places = sorted(before)
    edited = dict(before)
    for place, cell, cells in edits if places else ():
        row = edited[places[place % len(places)]]
        edited[places[place % len(places)]] = (*row[:cell], cells[cell], *row[cell + 1 :])
    database = MemoryDatabase()
    methods = set()
    with pytest.MonkeyPatch.context() as patch, tdmvc.open(small_parts) as shop:
        patch.setattr("tdmvc.databases.FILES", {**FILES, "memory": database})
        patch.setattr("tdmvc.seeding.difference._MOST_IN_MEMORY", kept)
        for rows in (before, edited, shared | second):
            cells = [dict(zip(SCHEMA.names, (key, *values), strict=True)) for key, values in rows.items()]
            table = pa.Table.from_pylist(cells, schema=SCHEMA if is_nested else PLAIN)
            pq.write_table(table, small_parts.parent / "t.parquet")
            shop.add("golden", small_parts.parent / "t.parquet", keys={"t": ["id"]})
            report = shop.seed("golden", into="t.memory", verify=True)
            methods |= {one.method for one in report.datasets[0].tables}
    assert methods <= {
        LoadMethod.CREATED,
        LoadMethod.DIFFERENCE,
        LoadMethod.NOTHING,
        LoadMethod.RELOADED,
    }
