"""What it costs to follow one row through many commits, compared with one DuckDB query for each."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import GIB, Figure, in_seconds, ratio_of_times
from benchmarks.lineitem import KEY, lineitem
from benchmarks.processes import TDMVC, Side, alternate, run
from tdmvc.formats.pointers import render_pointer
from tdmvc.store.content import part_content
from tdmvc.store.objects import Listing, PartEntry
from tdmvc.store.parquet import count_rows, encode_part, read_part
from tdmvc.store.store import Store

_TOUCHED = 20
"""The row that is asked for changes in one of so many commits; another row in each."""
_MANY = 100
"""Fewer commits cost less than to start, on either side: nothing is promised of them."""

ASK_DUCKDB = """
import json, sys, duckdb
order, line, versions = int(sys.argv[1]), int(sys.argv[2]), json.load(open(sys.argv[3]))
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
last, changes = None, 0
for files in versions:
    row = con.execute("SELECT * FROM read_parquet(?) WHERE l_orderkey = ? AND l_linenumber = ?",
                      [files, order, line]).fetchall()
    changes += row != last
    last = row
print(changes)
"""
"""One query per version over the files of all its parts, as one would ask by hand with every version on disk."""


def measure_history(scale: float, work: Path, *, commits: int, runs: int) -> Iterator[Figure]:
    """Time `log --key` and `blame --key` of one row.

    Args:
        work: an empty folder.
        commits: how many there are; each edits one row, and so one part.
    """
    app = work / "app"
    key, versions = _make_history(app, scale, commits)
    listed = work / "versions.json"
    listed.write_text(json.dumps(versions), encoding="utf-8")
    spelled = ",".join(map(str, key))
    peer = Side((sys.executable, "-c", ASK_DUCKDB, *map(str, key), str(listed)), app)
    found = int(run(app, *peer.command))
    for words in (
        ("log", "golden", "lineitem", "--key", spelled),
        ("blame", "golden@HEAD", "lineitem", "--key", spelled),
    ):
        ours, theirs = alternate(Side((*TDMVC, *words), app), peer, runs=runs)
        name = f"tdmvc {words[0]} --key, {commits} commits"
        yield ratio_of_times(name, ours, theirs, "DuckDB, one query per version")
        yield Figure(
            f"{name}: processor",
            f"{in_seconds(ours.cpu_median)} CPU",
            f"{in_seconds(theirs.cpu_median)} the same",
            ours.cpu_median / theirs.cpu_median,
            None if commits < _MANY else 1,
        )
        yield Figure(
            f"{name}: peak memory", f"{ours.peak_bytes / GIB:.2f} GiB", "", ours.peak_bytes / GIB, 0.5, "GiB"
        )
    steps = json.loads(run(app, *TDMVC, "log", "golden", "lineitem", "--key", spelled, "--format", "json"))
    yield Figure(
        "changes of the row", str(len(steps["steps"])), f"{found} DuckDB", len(steps["steps"]) - found, 0, ""
    )


def _make_history(app: Path, scale: float, commits: int) -> tuple[tuple[int, int], list[list[str]]]:
    """Commit a table and then an edit of one row at a time; return a key and the files of each version."""
    app.mkdir()
    run(app, "git", "init", "-q", "-b", "main")
    run(app, *TDMVC, "init")
    run(app, *TDMVC, "add", "golden", str(lineitem(scale)), "--key", f"lineitem={','.join(KEY)}")
    _commit(app, "Everything")
    pointer = app / "datasets/golden/lineitem.dvc"
    oid = next(line.split()[-1] for line in pointer.read_text().splitlines() if ".dir" in line)
    store = Store(app)
    try:
        listing = store.objects.read_listing(oid, "lineitem")
        entries = list(listing.entries)
        middle = len(entries) // 2
        first = read_part(str(store.objects.path(entries[middle].md5))).slice(7, 1).to_pylist()[0]
        versions = [[str(store.objects.path(entry.md5)) for entry in entries]]
        places = {index: 11 * index % 997 for index in range(len(entries))}
        for number in range(1, commits):
            is_asked = number % _TOUCHED == 0
            index = middle if is_asked else number % len(entries)
            entries[index] = _edited(store, entries[index], 7 if is_asked else 8 + places[index], number)
            listing = Listing(tuple(sorted(entries, key=lambda entry: entry.name)))
            size = sum(store.objects.size_bytes(entry.md5) for entry in entries)
            pointer.write_text(
                render_pointer("lineitem", store.objects.put_listing(listing), size, len(entries))
            )
            _commit(app, f"Edit {number}")
            versions.append([str(store.objects.path(entry.md5)) for entry in entries])
    finally:
        store.close()
    return (first[KEY[0]], first[KEY[1]]), versions


def _edited(store: Store, entry: PartEntry, row: int, number: int) -> PartEntry:
    """Keep a part with another comment in one row."""
    import pyarrow as pa

    path = store.objects.path(entry.md5)
    table = read_part(str(path))
    comments = table.column("l_comment").to_pylist()
    comments[row % len(comments)] = f"edit {number}"
    place = table.schema.get_field_index("l_comment")
    edited = table.set_column(
        place, table.schema.field(place), pa.array(comments, pa.string())
    ).combine_chunks()
    md5 = store.objects.put(encode_part(edited, KEY))
    store.index.remember_rows(md5, count_rows(str(path)))
    return PartEntry(f"{part_content(edited)}.parquet", md5)


def _commit(app: Path, subject: str) -> None:
    run(app, "git", "add", "-A")
    run(app, "git", "commit", "-q", "-m", subject)
