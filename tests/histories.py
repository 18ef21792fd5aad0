"""Repositories with a history of any shape, written by one `git fast-import`, their tables by the real store."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.formats.pointers import render_pointer
from tdmvc.model.names import folder_name
from tdmvc.model.schema import TableSchema
from tdmvc.store.build import BuildOptions, build_table
from tdmvc.store.store import Store
from tests.builders import git
from tests.duckdb_sessions import open_session

Row = Mapping[str, object]


@dataclass(frozen=True)
class TableAt:
    """A table as one commit has it."""

    schema: TableSchema
    rows: Sequence[Row]


@dataclass(frozen=True)
class CommitAt:
    """One commit: where it comes from, and every table of the dataset `golden`."""

    parents: tuple[int, ...]
    """Positions of earlier commits."""
    tables: Mapping[str, TableAt]
    subject: str = ""
    seconds: int = 0
    """After 2026-01-01; need not grow."""
    files: Mapping[str, str] = field(default_factory=dict)


def write_history(app: Path, commits: Sequence[CommitAt], *, part_rows: int = 4) -> list[str]:
    """Write the commits onto the branch `main` of a repository, and return their ids.

    The last commit is checked out; nothing lies in the working copy's folders of tables.
    """
    store = Store(app)
    base = git(app, "rev-parse", "HEAD")
    stream: list[bytes] = []
    pointers: dict[tuple[str, int], str] = {}
    try:
        with open_session() as con:
            for number, commit in enumerate(commits, start=1):
                stream.append(_commit_words(con, store, number, commit, base, part_rows, pointers))
    finally:
        store.close()
    marks = app / ".git" / "marks"
    done = subprocess.run(
        ["git", "fast-import", "--quiet", "--force", f"--export-marks={marks}"],
        cwd=app,
        input=b"".join(stream),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    by_mark = dict(line.split() for line in marks.read_text().splitlines())
    ids = [by_mark[f":{number}"] for number in range(1, len(commits) + 1)]
    git(app, "update-ref", "refs/heads/main", ids[-1])
    git(app, "reset", "-q", "--hard", "main")
    # Each commit was a branch of its own, and what a branch's tip says counts as known.
    git(app, "branch", "-q", "-D", *(f"h{number}" for number in range(1, len(commits) + 1)))
    return ids


def _commit_words(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    number: int,
    commit: CommitAt,
    base: str,
    part_rows: int,
    pointers: dict[tuple[str, int], str],
) -> bytes:
    schemas = {name: table.schema for name, table in commit.tables.items()}
    files = {
        "datasets/golden/dataset.yaml": "format: tdmvc.dataset/1\nname: golden\n",
        "datasets/golden/contract.yaml": update_contract(None, "golden", schemas),
        **commit.files,
    }
    for name, table in commit.tables.items():
        folder = folder_name(name)
        # A table that several commits share is built once.
        if (folder, id(table)) not in pointers:
            pointers[folder, id(table)] = _pointer(con, store, folder, table, part_rows)
        files[f"datasets/golden/{folder}.dvc"] = pointers[folder, id(table)]
    who = f"Ada Tester <ada@example.test> {1_767_225_600 + commit.seconds} +0000"
    lines = [f"commit refs/heads/h{number}", f"mark :{number}", f"author {who}", f"committer {who}"]
    lines.append(_data(commit.subject or f"Commit {number}"))
    starts = [f":{parent + 1}" for parent in commit.parents] or [base]
    lines += [f"from {starts[0]}", *(f"merge {start}" for start in starts[1:])]
    lines.append("D datasets/golden")
    for path, text in files.items():
        lines += [f"M 100644 inline {path}", _data(text)]
    return ("\n".join(lines) + "\n\n").encode()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def _pointer(
    con: duckdb.DuckDBPyConnection, store: Store, folder: str, table: TableAt, part_rows: int
) -> str:
    arrow = pa.Table.from_pylist([dict(row) for row in table.rows], schema=table.schema.arrow_schema())
    con.register("offered", arrow)
    built = build_table(
        con, "SELECT * FROM offered", table.schema, store, options=BuildOptions(part_rows=part_rows)
    )
    con.unregister("offered")
    oid = store.keep(built)
    return render_pointer(folder, oid, built.size_bytes, len(built.listing.entries))
