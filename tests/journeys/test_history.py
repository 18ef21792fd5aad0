"""The history of a dataset, a table, a row and a cell, asked in real repositories."""

import csv
import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from tdmvc.actions.row_log import log_row
from tdmvc.changes.walk.part_file import PartFile
from tdmvc.model.schema import Column, TableSchema
from tdmvc.workspace.workspace import Workspace
from tests.builders import Ran, Tdmvc, git
from tests.histories import CommitAt, Row, TableAt, write_history

ORDERS = TableSchema(
    "orders", (Column("id", pa.int64()), Column("status", pa.string()), Column("total", pa.int64())), ("id",)
)


def orders(rows: dict[int, tuple[str, int]], schema: TableSchema = ORDERS) -> TableAt:
    names = schema.column_names
    return TableAt(schema, [dict(zip(names, (id_, *cells), strict=True)) for id_, cells in rows.items()])


def line_of(*states: dict[int, tuple[str, int]]) -> list[CommitAt]:
    return [
        CommitAt((number - 1,) if number else (), {"orders": orders(rows)}, f"Commit {number}", 60 * number)
        for number, rows in enumerate(states)
    ]


def subjects(ran: Ran) -> list[str]:
    document = ran.json
    return [entry["subject"] for entry in document.get("entries", document.get("steps"))]


def blamed(ran: Ran) -> dict[str, str | None]:
    """Whose each cell of the only row is, by column."""
    moments = {one["id"]: one["subject"] for one in ran.json["moments"]}
    (row,) = ran.json["rows"]
    return {cell["column"]: moments[cell["moment"]] for cell in row["cells"]}


A = {1: ("new", 5), 2: ("new", 6)}
B = {1: ("paid", 5), 2: ("new", 6)}
C = {1: ("paid", 5), 2: ("new", 7), 3: ("new", 8)}
D = {1: ("sent", 5), 2: ("new", 7)}


@pytest.fixture
def line(repo: Path) -> list[str]:
    return write_history(repo, line_of(A, B, C, D))


def test_the_log_counts_rows_newest_commit_first(tdmvc: Tdmvc, line: list[str]) -> None:
    entries = tdmvc("log", "golden", "--format", "json").json["entries"]
    assert [entry["id"] for entry in entries] == line[::-1]
    assert [entry["tables"][0]["rows"] for entry in entries] == [
        {"added": 0, "removed": 1, "changed": 1},
        {"added": 1, "removed": 0, "changed": 1},
        {"added": 0, "removed": 0, "changed": 1},
        {"added": 2, "removed": 0, "changed": 0},
    ]
    assert entries[2]["tables"][0]["columns"] == {"status": 1}
    assert subjects(tdmvc("log", "golden", "orders", "-n", 2, "--format", "json")) == ["Commit 3", "Commit 2"]
    assert tdmvc("log", "golden", "orders", "-n", 2, "--format", "json").json["is_cut"] is True


def test_the_log_of_a_row_lists_every_commit_that_changed_it(tdmvc: Tdmvc, line: list[str]) -> None:
    steps = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert [(step["subject"], step["event"]) for step in steps] == [
        ("Commit 3", "changed"),
        ("Commit 1", "changed"),
        ("Commit 0", "added"),
    ]
    assert [(cell["column"], cell["old"], cell["new"]) for cell in steps[0]["cells"]] == [
        ("status", "paid", "sent")
    ]
    removed = tdmvc("log", "golden", "orders", "--key", "id=3", "--reverse", "--format", "json").json["steps"]
    assert [(step["subject"], step["event"]) for step in removed] == [
        ("Commit 2", "added"),
        ("Commit 3", "removed"),
    ]


def test_dates_and_ranges_bound_the_walk(tdmvc: Tdmvc, repo: Path, line: list[str]) -> None:
    def requested(*words: object) -> list[str]:
        return subjects(tdmvc("log", *words, "--key", 1, "--format", "json"))

    assert requested("golden", "orders", "--since", "2026-01-01T00:02:30Z") == ["Commit 3"]
    assert requested("golden", "orders", "--until", "2026-01-01T00:02:30Z") == ["Commit 1", "Commit 0"]
    assert requested(f"golden@{line[0]}..main", "orders") == ["Commit 3", "Commit 1"]
    assert requested(f"golden@{line[1]}", "orders") == ["Commit 1", "Commit 0"]
    # There all the time, and not changed in the range: that is no error.
    still = tdmvc("log", f"golden@{line[1]}..{line[2]}", "orders", "--key", 1)
    assert "not changed" in still.out


def test_blame_works_for_one_row_and_for_all_rows(tdmvc: Tdmvc, line: list[str]) -> None:
    tdmvc("pull", "golden", code=None)
    one = tdmvc("blame", "golden@main", "orders", "--key", 2, "--format", "json")
    assert blamed(one) == {"id": "Commit 0", "status": "Commit 0", "total": "Commit 2"}
    text = tdmvc("blame", "golden@main", "orders", "--key", 2).out
    assert "total" in text
    assert "Commit 2" in text
    cells = list(
        csv.DictReader(io.StringIO(tdmvc("blame", "golden@main", "orders", "--all", "--format", "csv").out))
    )
    assert [(cell["key.id"], cell["column"], cell["subject"]) for cell in cells] == [
        ("1", "id", "Commit 0"),
        ("1", "status", "Commit 3"),
        ("1", "total", "Commit 0"),
        ("2", "id", "Commit 0"),
        ("2", "status", "Commit 0"),
        ("2", "total", "Commit 2"),
    ]
    few = tdmvc("blame", "golden@main", "orders", "--rows", 1, "--column", "status", "--format", "json").json
    assert few["total_rows"] == 2
    assert [cell["column"] for cell in few["rows"][0]["cells"]] == ["status"]


def test_blame_marks_changes_before_a_range_as_its_edge(tdmvc: Tdmvc, line: list[str]) -> None:
    result = tdmvc("blame", f"golden@{line[2]}..main", "orders", "--key", 1, "--format", "json")
    assert {one["subject"]: one["is_boundary"] for one in result.json["moments"]} == {
        "Commit 3": False,
        "Commit 2": True,
    }
    assert "^" in tdmvc("blame", f"golden@{line[2]}..main", "orders", "--key", 1).out


def test_a_merge_is_a_change_only_if_it_combines_both_sides(tdmvc: Tdmvc, repo: Path) -> None:
    left = {1: ("left", 5), 2: ("new", 6)}
    right = {1: ("new", 5), 2: ("right", 6)}
    both = {1: ("left", 5), 2: ("right", 6)}
    own = {1: ("merged", 5), 2: ("right", 6)}
    tables = [orders(rows) for rows in (A, left, right, both, own)]
    commits = [
        CommitAt((), {"orders": tables[0]}, "Start"),
        CommitAt((0,), {"orders": tables[1]}, "Left", 10),
        CommitAt((0,), {"orders": tables[2]}, "Right", 20),
        CommitAt((1, 2), {"orders": tables[3]}, "Merge rows", 30),
        CommitAt((3,), {"orders": tables[3]}, "Nothing", 40),
        CommitAt((3, 2), {"orders": tables[4]}, "Merge and edit", 50),
    ]
    write_history(repo, commits)

    def row(key: int) -> list[str]:
        return subjects(tdmvc("log", "golden", "orders", "--key", key, "--format", "json"))

    assert row(1) == ["Merge and edit", "Left", "Start"]
    assert row(2) == ["Right", "Start"]
    result = blamed(tdmvc("blame", "golden@main", "orders", "--key", 1, "--format", "json"))
    assert result == {"id": "Start", "status": "Merge and edit", "total": "Start"}
    assert "counted against its first parent" in tdmvc("log", "golden").out


def test_a_rebase_shows_its_new_commits(tdmvc: Tdmvc, repo: Path, tmp_path: Path) -> None:
    write_history(repo, line_of(A))
    git(repo, "checkout", "-q", "-b", "feature")
    table = tmp_path / "orders.csv"
    table.write_text("id,status,total\n1,mine,5\n2,new,6\n")
    tdmvc("add", "golden", table)
    git(repo, "commit", "-qam", "Mine")
    git(repo, "checkout", "-q", "main")
    (repo / "code.py").write_text("pass\n")
    git(repo, "add", "code.py")
    git(repo, "commit", "-q", "-m", "Code")
    git(repo, "checkout", "-q", "feature")
    git(repo, "rebase", "-q", "main")
    (step, first) = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert (step["id"], first["subject"]) == (git(repo, "rev-parse", "HEAD"), "Commit 0")
    assert subjects(tdmvc("log", "golden@main..feature", "--format", "json")) == ["Mine"]


def test_edits_are_not_committed_yet(tdmvc: Tdmvc, repo: Path, tmp_path: Path) -> None:
    write_history(repo, line_of(A))
    tdmvc("checkout", "golden@HEAD")
    assert blamed(tdmvc("blame", "golden", "orders", "--key", 1, "--format", "json"))["status"] == "Commit 0"
    folder = repo / "datasets/golden/orders"
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "edited.csv").write_text("id,status,total\n1,edited,5\n2,new,6\n7,mine,1\n")
    result = tdmvc("blame", "golden", "orders", "--key", 1, "--format", "json")
    assert blamed(result) == {"id": "Commit 0", "status": None, "total": "Commit 0"}
    assert result.json["moments"][1]["kind"] == "working-copy"
    assert "not committed" in tdmvc("blame", "golden", "orders").out
    # Added and not committed counts alike; a revision has none of it.
    tdmvc("add", "golden")
    assert blamed(tdmvc("blame", "golden", "orders", "--key", 1, "--format", "json"))["status"] is None
    assert (
        blamed(tdmvc("blame", "golden@HEAD", "orders", "--key", 1, "--format", "json"))["status"]
        == "Commit 0"
    )


def test_published_versions_are_marked_and_walked(tdmvc: Tdmvc, repo: Path, tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    for number, status in enumerate(("new", "paid")):
        table.write_text(f"id,status\n1,{status}\n2,new\n")
        tdmvc("add", "golden", table, "--key", "orders=id")
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", f"Rows {number}")
        tdmvc("publish", "golden", f"1.0.{number}", "--release", f"2.1{number}.0")
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", f"Publish {number}")
    entries = tdmvc("log", "golden", "--format", "json").json["entries"]
    assert [(entry["subject"], entry["published"]) for entry in entries] == [
        ("Publish 1", [{"version": "1.0.1", "release": "2.11.0"}]),
        ("Rows 1", []),
        ("Publish 0", [{"version": "1.0.0", "release": "2.10.0"}]),
        ("Rows 0", []),
    ]
    step = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"][0]
    assert step["first_version"] == {"version": "1.0.1", "release": "2.11.0"}
    # No branch's pointer holds the rows of the versions any more.
    table.write_text("id,status\n9,other\n")
    tdmvc("add", "golden", table)
    git(repo, "checkout", "-q", "--orphan", "fresh")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "A new line")
    git(repo, "branch", "-D", "main")
    steps = tdmvc("log", "golden", "orders", "--key", 1, "--versions", "--format", "json").json["steps"]
    assert [(step["kind"], step["id"], step["event"]) for step in steps] == [
        ("version", "1.0.1", "changed"),
        ("version", "1.0.0", "added"),
    ]
    result = tdmvc("blame", "golden@1.0.1", "orders", "--key", 1, "--versions", "--format", "json").json
    assert [cell["moment"] for cell in result["rows"][0]["cells"]] == ["1.0.0", "1.0.1"]
    assert [
        one["id"] for one in tdmvc("log", "golden", "--versions", "--format", "json").json["entries"]
    ] == [
        "1.0.1",
        "1.0.0",
    ]
    assert "not published" in tdmvc("blame", "golden", "orders", "--versions").out


def test_a_shallow_clone_reports_where_its_history_ends(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path, line: list[str]
) -> None:
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{repo}", str(clone))
    shutil.copytree(repo / ".dvc/cache", clone / ".dvc/cache")
    result = tdmvc("log", "golden", "orders", "--key", 1, folder=clone)
    assert "Commit 3" in result.out
    assert "Commit 2" not in result.out
    assert f"history before {line[2][:10]}" in result.out
    assert "--unshallow" in result.out
    assert "Commit 2" not in tdmvc("log", "golden", folder=clone).out
    result = tdmvc("blame", "golden@HEAD", "orders", "--key", 2, "--format", "json", folder=clone)
    assert [(one["subject"], one["is_boundary"]) for one in result.json["moments"]] == [("Commit 2", True)]
    missing = tdmvc("log", "golden", "orders", "--key", 99, folder=clone, code=3)
    assert "--unshallow" in missing.err


def test_an_unknown_key_is_reported_with_the_range_searched(tdmvc: Tdmvc, line: list[str]) -> None:
    never = tdmvc("log", "golden", "orders", "--key", 99, code=3)
    assert "id=99" in never.err
    assert "4 commits" in never.err
    assert "int64" in tdmvc("log", "golden", "orders", "--key", "x1", code=2).err
    assert "id" in tdmvc("log", "golden", "orders", "--key", "total=5", code=2).err
    assert "orders" in tdmvc("log", "golden", "ordres", code=3).err
    assert tdmvc("log", "golden", "--key", 1, code=2).err
    assert "golden" in tdmvc("log", "goldne", code=3).err
    assert tdmvc("blame", "golden@main", "orders", "--key", 99, code=3).err
    assert "status" in tdmvc("blame", "golden@main", "orders", "--column", "statsu", code=3).err
    assert tdmvc("blame", "golden@main", "orders", "--rows", 3, "--all", code=2).err


def test_a_renamed_table_and_a_renamed_key_are_followed(tdmvc: Tdmvc, repo: Path) -> None:
    old = TableSchema("orders", (Column("nr", pa.int64()), *ORDERS.columns[1:]), ("nr",))
    many = {number: ("new", number) for number in range(1, 30)}
    edited = {**many, 4: ("paid", 4)}
    commits = [
        CommitAt((), {"sales": orders(many, old)}, "Start"),
        CommitAt((0,), {"sales": orders(edited, old)}, "Pay 4", 10),
        CommitAt((1,), {"orders": orders(edited, old)}, "Call them orders", 20),
        CommitAt((2,), {"orders": orders(edited)}, "Call the key id", 30),
        CommitAt((3,), {"orders": orders({**edited, 4: ("sent", 4)})}, "Send 4", 40),
    ]
    write_history(repo, commits)
    steps = tdmvc("log", "golden", "orders", "--key", 4, "--format", "json").json["steps"]
    assert [(step["subject"], step["table"], step["key"]) for step in steps] == [
        ("Send 4", "orders", {"id": 4}),
        ("Call the key id", "orders", {"id": 4}),
        # No contract of today knows what a column of that name is.
        ("Pay 4", "sales", {"nr": {"masked": True}}),
        ("Start", "sales", {"nr": {"masked": True}}),
    ]
    assert [(cell["event"], cell["old_column"]) for cell in steps[1]["cells"]] == [("column_renamed", "nr")]
    result = blamed(tdmvc("blame", "golden@main", "orders", "--key", 4, "--format", "json"))
    assert result == {"id": "Start", "status": "Send 4", "total": "Start"}
    assert "sales → orders" in tdmvc("log", "golden").out
    assert "Pay 4" in tdmvc("log", "golden", "orders").out


def test_another_key_ends_what_can_be_followed(tdmvc: Tdmvc, repo: Path) -> None:
    by_status = TableSchema(
        "orders", (Column("status", pa.string()), Column("total", pa.int64())), ("status",)
    )
    commits = [
        CommitAt((), {"orders": TableAt(by_status, [{"status": "new", "total": 5}])}, "By status"),
        CommitAt((0,), {"orders": orders({1: ("new", 5)})}, "By id", 10),
    ]
    write_history(repo, commits)
    (step,) = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert step["event"] == "added"
    assert "status" in step["notes"][0]


def test_a_table_that_was_removed_still_has_a_history(tdmvc: Tdmvc, repo: Path) -> None:
    commits = [*line_of(A, B), CommitAt((1,), {"others": orders({1: ("x", 1)})}, "Away", 200)]
    write_history(repo, commits)
    steps = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert [(step["subject"], step["event"]) for step in steps] == [
        ("Away", "removed"),
        ("Commit 1", "changed"),
        ("Commit 0", "added"),
    ]
    assert steps[0]["notes"] == ["the whole table was removed"]
    assert [
        e["tables"][0]["status"] for e in tdmvc("log", "golden", "orders", "--format", "json").json["entries"]
    ] == [
        "removed",
        "changed",
        "added",
    ]


def test_rows_are_compared_as_a_whole_if_keys_repeat_or_a_table_has_none(tdmvc: Tdmvc, repo: Path) -> None:
    loose = TableSchema("log", (Column("what", pa.string()),), ())

    def tables(order_rows: list[Row], log_rows: list[str]) -> dict[str, TableAt]:
        return {
            "orders": TableAt(ORDERS, order_rows),
            "log": TableAt(loose, [{"what": what} for what in log_rows]),
        }

    def order(id_: int, status: str) -> Row:
        return {"id": id_, "status": status, "total": 1}

    commits = [
        CommitAt((), tables([order(1, "a"), order(1, "b"), order(2, "a")], ["x", "y"]), "Start"),
        CommitAt((0,), tables([order(1, "a"), order(1, "c"), order(2, "a")], ["x", "z", "z"]), "Edit", 10),
    ]
    write_history(repo, commits)
    steps = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert [(step["subject"], step["rows"]) for step in steps] == [("Edit", 2), ("Start", 2)]
    assert "not unique" in steps[0]["notes"][0]
    result = tdmvc("blame", "golden@main", "orders", "--all", "--column", "status", "--format", "json").json
    moments = {one["id"]: one["subject"] for one in result["moments"]}
    assert [(c["value"], moments[c["moment"]]) for row in result["rows"] for c in row["cells"]] == [
        ("a", "Start"),
        ("c", "Edit"),
        ("a", "Start"),
    ]
    assert "no key" in tdmvc("log", "golden", "log", "--key", "x", code=2).err
    result = tdmvc("blame", "golden@main", "log", "--format", "json").json
    assert [(c["value"], moments[c["moment"]]) for row in result["rows"] for c in row["cells"]] == [
        ("x", "Start"),
        ("z", "Edit"),
        ("z", "Edit"),
    ]


def test_a_pointer_that_cannot_be_read_is_reported_and_skipped(tdmvc: Tdmvc, repo: Path) -> None:
    commits = line_of(A, B, D)
    commits[1] = CommitAt((0,), {}, "Broken", 60, {"datasets/golden/orders.dvc": "<<<<<<< ours\n"})
    ids = write_history(repo, commits)
    steps = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert [(step["subject"], step["uncertain"]) for step in steps] == [
        ("Commit 2", [ids[1]]),
        ("Commit 0", []),
    ]
    entries = tdmvc("log", "golden", "orders", "--format", "json").json["entries"]
    assert [entry["subject"] for entry in entries] == ["Commit 2", "Broken", "Commit 0"]
    assert "cannot be read" in entries[1]["tables"][0]["missing"]
    result = blamed(tdmvc("blame", "golden@main", "orders", "--key", 1, "--format", "json"))
    assert result == {"id": "Commit 0", "status": "Commit 2", "total": "Commit 0"}


def test_a_wider_type_and_json_in_another_order_change_no_row(tdmvc: Tdmvc, repo: Path) -> None:
    def schema(id_: pa.DataType, total: pa.DataType) -> TableSchema:
        columns = (Column("id", id_), Column("total", total), Column("doc", pa.string(), "jsonb"))
        return TableSchema("orders", columns, ("id",))

    narrow, wide = schema(pa.int32(), pa.int32()), schema(pa.string(), pa.decimal128(12, 2))
    commits = [
        CommitAt(
            (), {"orders": TableAt(narrow, [{"id": 7, "total": 5, "doc": '{"a": 1, "b": 2}'}])}, "Start"
        ),
        CommitAt(
            (0,), {"orders": TableAt(wide, [{"id": "7", "total": 5, "doc": '{"b": 2, "a": 1}'}])}, "Wide", 10
        ),
        CommitAt(
            (1,), {"orders": TableAt(wide, [{"id": "7", "total": 6, "doc": '{"b": 2, "a": 1}'}])}, "Six", 20
        ),
    ]
    write_history(repo, commits)
    assert subjects(tdmvc("log", "golden", "orders", "--key", 7, "--format", "json")) == ["Six", "Start"]
    result = blamed(tdmvc("blame", "golden@main", "orders", "--key", 7, "--format", "json"))
    assert result == {"id": "Start", "total": "Six", "doc": "Start"}


def test_a_renamed_column_keeps_its_history(tdmvc: Tdmvc, repo: Path) -> None:
    renamed = TableSchema(
        "orders", (ORDERS.columns[0], Column("state", pa.string()), ORDERS.columns[2]), ("id",)
    )
    rows = {number: (f"text {number}", number) for number in range(30)}
    later = {**rows, 3: ("edited", 3)}
    commits = [
        CommitAt((), {"orders": orders(rows)}, "Start"),
        CommitAt((0,), {"orders": orders(later)}, "Edit", 10),
        CommitAt((1,), {"orders": orders(later, renamed)}, "Rename", 20),
    ]
    write_history(repo, commits)
    result = blamed(tdmvc("blame", "golden@main", "orders", "--key", 3, "--format", "json"))
    assert result == {"id": "Start", "state": "Edit", "total": "Start"}
    steps = tdmvc("log", "golden", "orders", "--key", 3, "--format", "json").json["steps"]
    assert [(s["subject"], s["cells"][0]["event"]) for s in steps] == [
        ("Rename", "column_renamed"),
        ("Edit", "changed"),
        ("Start", "changed"),
    ]


def test_before_the_first_commit_everything_is_not_committed(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    table = tmp_path / "orders.csv"
    table.write_text("id,status\n1,new\n")
    tdmvc("add", "golden", table, "--key", "orders=id")
    assert blamed(tdmvc("blame", "golden", "orders", "--key", 1, "--format", "json")) == {
        "id": None,
        "status": None,
    }
    assert "no changes" in tdmvc("log", "golden").out
    assert "orders" in tdmvc("log", "golden", "orders", code=3).err


def test_unusual_names_of_tables_and_columns_do_not_matter(tdmvc: Tdmvc, repo: Path) -> None:
    name = "odd/name \x1b[31m.dvc"
    schema = TableSchema(name, (Column('k=,"', pa.int64()), Column("v\n", pa.string())), ('k=,"',))
    rows = [[{'k=,"': 1, "v\n": value}] for value in ("a", "b")]
    write_history(
        repo, [CommitAt((n - 1,) if n else (), {name: TableAt(schema, rows[n])}, f"C {n}", n) for n in (0, 1)]
    )
    assert subjects(tdmvc("log", "golden", name, "--key", 1, "--format", "json")) == ["C 1", "C 0"]
    output = tdmvc("log", "golden", name, "--key", 1).out + tdmvc("blame", "golden@main", name).out
    assert "\x1b" not in output + tdmvc("log", "golden").out


PEOPLE = TableSchema(
    "people",
    (
        Column("email", pa.string(), classification="personal"),
        Column("name", pa.string(), classification="personal"),
        Column("age", pa.int64()),
    ),
    ("email",),
)


def test_personal_values_are_in_no_output(tdmvc: Tdmvc, repo: Path) -> None:
    secrets = ["ada@secret.test", "Ada Secret", "Countess Secret"]
    first = TableAt(PEOPLE, [{"email": secrets[0], "name": secrets[1], "age": 36}])
    second = TableAt(PEOPLE, [{"email": secrets[0], "name": secrets[2], "age": 37}])
    write_history(repo, [CommitAt((), {"people": first}), CommitAt((0,), {"people": second})])
    output = ""
    for form in ("terminal", "json"):
        for words in (("log", "golden"), ("log", "golden", "people", "--key", secrets[0])):
            ran = tdmvc(*words, "--format", form)
            output += ran.out + ran.err
    for form in ("terminal", "json", "csv"):
        for words in ((), ("--key", secrets[0])):
            ran = tdmvc("blame", "golden@main", "people", *words, "--format", form)
            output += ran.out + ran.err
    assert "36" in output
    assert "•••" in output
    for words in (("log", "golden", "people"), ("blame", "golden@main", "people")):
        ran = tdmvc(*words, "--key", "nobody@secret.test", code=3)
        output += ran.out + ran.err
    assert [secret for secret in [*secrets, "nobody@secret.test"] if secret in output] == []


def test_a_column_that_no_contract_knows_any_more_is_hidden(tdmvc: Tdmvc, repo: Path) -> None:
    wide = TableSchema(
        "people", (*PEOPLE.columns[2:], Column("id", pa.int64()), Column("ssn", pa.string())), ("id",)
    )
    thin = TableSchema("people", (*PEOPLE.columns[2:], Column("id", pa.int64())), ("id",))
    commits = [
        CommitAt((), {"people": TableAt(wide, [{"age": 1, "id": 1, "ssn": "123-secret"}])}),
        CommitAt((0,), {"people": TableAt(thin, [{"age": 1, "id": 1}])}),
    ]
    write_history(repo, commits)
    result = tdmvc("log", "golden", "people", "--key", 1, "--format", "json")
    assert "123-secret" not in result.out
    assert result.json["hidden_columns"] == ["ssn"]
    assert "123-secret" not in tdmvc("log", "golden", "people", "--key", 1).out


def test_a_stage_table_has_a_history_by_its_lock(tdmvc: Tdmvc, repo: Path) -> None:
    stage = "stages:\n  golden:\n    cmd: build\n    outs: [datasets/golden/orders]\n"
    commits = []
    for commit in line_of(A, B, B, D):
        commits.append(commit)
    ids = write_history(repo, commits)
    # The same tables, now by the lock of a pipeline.
    pointers = [git(repo, "show", f"{id_}:datasets/golden/orders.dvc") for id_ in ids]
    git(repo, "rm", "-q", "datasets/golden/orders.dvc")
    (repo / "dvc.yaml").write_text(stage)
    for number, pointer in enumerate(pointers):
        md5 = next(line.split()[-1] for line in pointer.splitlines() if "md5:" in line and ".dir" in line)
        (repo / "dvc.lock").write_text(
            "schema: '2.0'\nstages:\n  golden:\n    cmd: build\n    outs:\n"
            f"    - path: datasets/golden/orders\n      hash: md5\n      md5: {md5}\n      size: 1\n      nfiles: 1\n"
        )
        (repo / "notes").write_text(str(number))
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", f"Stage {number}")
    steps = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert [step["subject"] for step in steps] == [
        *("Stage 3", "Stage 1", "Stage 0"),
        *("Commit 3", "Commit 1", "Commit 0"),
    ]
    result = blamed(tdmvc("blame", "golden@HEAD", "orders", "--key", 1, "--format", "json"))
    assert result == {"id": "Commit 0", "status": "Stage 3", "total": "Commit 0"}
    assert subjects(tdmvc("log", "golden", "orders", "--format", "json"))[:3] == [
        "Stage 3",
        "Stage 1",
        "Stage 0",
    ]


def test_missing_rows_are_reported_and_skipped(tdmvc: Tdmvc, repo: Path, line: list[str]) -> None:
    _forget(repo, line[2])
    result = tdmvc("log", "golden", "orders", "--key", 2, "--format", "json").json
    assert [(step["subject"], step["uncertain"]) for step in result["steps"]] == [
        ("Commit 3", [line[2]]),
        ("Commit 0", []),
    ]
    assert f"tdmvc pull golden@{line[2][:10]}" in result["notes"][0]
    assert "whose rows are not here" in tdmvc("log", "golden", "orders", "--key", 2).out
    result = tdmvc("blame", "golden@main", "orders", "--key", 2, "--format", "json").json
    assert [cell["uncertain"] for cell in result["rows"][0]["cells"]] == [[], [], [line[2]]]
    assert "?" in tdmvc("blame", "golden@main", "orders", "--key", 2).out
    entries = tdmvc("log", "golden", "--format", "json").json["entries"]
    assert [entry["tables"][0]["missing"] is None for entry in entries] == [False, False, True, True]


def test_a_long_history_of_missing_rows_is_reported_once(tdmvc: Tdmvc, repo: Path) -> None:
    """Neither recursion nor the number of ways through many merges may end the walk."""
    tables = [{"orders": orders({1: ("new", n)})} for n in range(4)]
    commits = [CommitAt((), tables[0], "Start")]
    for _ in range(110):
        base = len(commits) - 1
        commits.append(CommitAt((base,), tables[1], "Left"))
        commits.append(CommitAt((base,), tables[3], "Right"))
        commits.append(CommitAt((base + 1, base + 2), tables[2], "Merge"))
        commits.append(CommitAt((base + 3,), tables[0], "Back"))
    commits.append(CommitAt((len(commits) - 1,), {"orders": orders({1: ("new", 9)})}, "Last"))
    ids = write_history(repo, commits)
    for id_ in ids[:5]:
        _forget(repo, id_, all_but=ids[-1])
    (step,) = tdmvc("log", "golden", "orders", "--key", 1, "--format", "json").json["steps"]
    assert (step["subject"], len(step["uncertain"])) == ("Last", 441)
    result = tdmvc("blame", "golden@main", "orders", "--format", "json").json
    assert [len(cell["uncertain"]) for cell in result["rows"][0]["cells"]] == [441, 441, 441]


def test_rows_that_a_remote_has_are_fetched_as_far_as_needed(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    many = {number: ("new", number) for number in range(200)}
    write_history(repo, line_of(many, {**many, 5: ("paid", 5)}, {**many, 5: ("sent", 5)}))
    remote = tmp_path / "remote"
    shutil.copytree(repo / ".dvc/cache", remote)
    (repo / ".dvc/config").write_text(
        f"[core]\n    remote = origin\n['remote \"origin\"']\n    url = {remote}\n"
    )
    shutil.rmtree(repo / ".dvc/cache")
    shutil.rmtree(repo / ".git/tdmvc", ignore_errors=True)
    steps = tdmvc("log", "golden", "orders", "--key", 5, "--format", "json").json["steps"]
    assert [step["subject"] for step in steps] == ["Commit 2", "Commit 1", "Commit 0"]
    everything = {path.name for path in remote.rglob("*") if path.is_file()}
    fetched = {path.name for path in (repo / ".dvc/cache").rglob("*") if path.is_file()}
    # The newest table once, and of the others what differs: the part that was edited.
    assert fetched == everything
    assert tdmvc("blame", "golden@main", "orders", "--key", 5, "--format", "json").json["notes"] == []


def _forget(repo: Path, commit: str, *, all_but: str | None = None) -> None:
    """Remove what this commit needs, and no other does (or not that one), from the cache."""
    cache = repo / ".dvc/cache/files/md5"

    def objects(rev: str) -> set[Path]:
        pointer = git(repo, "show", f"{rev}:datasets/golden/orders.dvc")
        md5 = next(line.split()[-1] for line in pointer.splitlines() if ".dir" in line)
        listing = cache / md5[:2] / md5[2:]
        if not listing.exists():
            return set()
        return {listing, *(cache / e["md5"][:2] / e["md5"][2:] for e in json.loads(listing.read_text()))}

    others = [all_but] if all_but else [rev for rev in git(repo, "rev-list", "main").split() if rev != commit]
    kept = set().union(*(objects(rev) for rev in others if _knows(repo, rev)))
    for path in objects(commit) - kept:
        path.unlink(missing_ok=True)


def _knows(repo: Path, rev: str) -> bool:
    return "datasets/golden/orders.dvc" in git(repo, "ls-tree", "-r", "--name-only", rev)


def test_only_parts_that_can_hold_the_key_are_decoded(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = dict.fromkeys(range(600), ("new", 0))
    states = [{**rows, 300: ("new", n), 599 - n: ("far", n)} for n in range(6)]
    write_history(repo, line_of(*states), part_rows=16)
    parts = len(list((repo / ".dvc/cache/files/md5").rglob("*"))) - 6
    decoded: list[Path] = []
    read = PartFile.read

    def noted(self: PartFile, *words: object, **options: object) -> list[pa.Array]:
        decoded.append(self._path)
        return read(self, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PartFile, "read", noted)
    with Workspace.open(repo) as workspace:
        result = log_row(workspace, "golden", "orders", ["300"])
    assert len(result.steps) == 6
    # One part holds the key at each commit; whatever else was edited is never decoded.
    assert len(set(decoded)) == 6
    assert parts > 30
