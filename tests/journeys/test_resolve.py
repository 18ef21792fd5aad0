"""`resolve` shows what a merge has left, and resolves it by table, column, row, cell or value."""

from pathlib import Path

import pytest

from tests.builders import CONFLICTS, POINTER, MergeRepo, copy_merge_repo, copy_repo

START = "id,email,status,total\n1,ada@x.org,paid,10.50\n2,bob@x.org,open,20.00\n3,eve@x.org,open,7.25\n"
OURS = "id,email,status,total\n1,ours@x.org,late,10.50\n2,bob@x.org,void,21.00\n"
THEIRS = (
    "id,email,status,total\n1,theirs@x.org,void,10.50\n2,bob@x.org,done,20.00\n3,eve@x.org,open,8.00\n"
    "4,new@x.org,new,\n"
)


def _add(repo: MergeRepo, text: str) -> None:
    source = repo.parent / "orders.csv"
    source.write_text(text)
    repo.run("add", "golden", source, "--key", "orders=id")


def _commit(repo: MergeRepo, text: str) -> None:
    _add(repo, text)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "Change")


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> MergeRepo:
    """A merge in the midst: conflicts in three rows, personal cells among them."""
    folder = tmp_path_factory.mktemp("resolve")
    copy_repo(template, folder / "app")
    repo = MergeRepo(folder / "app", folder)
    repo.run("install")
    _add(repo, START)
    contract = repo.root / "datasets/golden/contract.yaml"
    contract.write_text(
        contract.read_text().replace("- name: email\n", "- name: email\n        classification: personal\n")
    )
    _commit(repo, START)
    repo.git("switch", "-q", "-c", "theirs")
    _commit(repo, THEIRS)
    repo.git("switch", "-q", "main")
    repo.run("checkout", "golden")
    _commit(repo, OURS)
    repo.try_git("merge", "theirs")
    return repo


@pytest.fixture
def repo(made: MergeRepo, tmp_path: Path) -> MergeRepo:
    return copy_merge_repo(made, tmp_path)


def _table(repo: MergeRepo, ref: str = "golden") -> list[list[str]]:
    import json

    sql = "select id, status, cast(total as varchar) from orders order by id"
    rows: list[list[str]] = json.loads(repo.run("sql", sql, "--at", ref, "--format", "json"))["rows"]
    return rows


def _left(repo: MergeRepo, *words: object) -> list[tuple[str, str | None]]:
    """Return (key, column) of what is left."""
    (table,) = repo.resolve(*words)["datasets"][0]["tables"]
    assert table["count"] == len(table["conflicts"])
    return [(one["key"][0], one["column"]) for one in table["conflicts"]]


ALL = [("1", "email"), ("1", "status"), ("2", "status"), ("3", None)]


def test_open_conflicts_are_shown_row_by_row(repo):
    assert _left(repo) == ALL
    (table,) = repo.resolve("golden", "orders")["datasets"][0]["tables"]
    assert table["conflicts"][2] | {"detail": None} == {
        "kind": "cell",
        "key": ["2"],
        "column": "status",
        "base": "open",
        "ours": "void",
        "theirs": "done",
        "is_hidden": False,
        "detail": None,
    }


def test_conflicts_are_resolved_by_row_column_cell_and_value(repo):
    assert _left(repo, "golden", "orders", "--ours", "--key", "3") == ALL[:3]
    assert _left(repo, "golden", "orders", "--theirs", "--column", "email") == ALL[1:3]
    assert (
        _left(repo, "golden", "orders", "--value", "kept", "--key", "id=2", "--column", "status") == ALL[1:2]
    )
    repo.resolve("golden", "orders", "--base", "--key", "1", "--column", "status", code=0)
    assert _table(repo) == [[1, "paid", "10.50"], [2, "kept", "21.00"], [4, "new", None]]


def test_one_side_resolves_all_remaining_conflicts(repo):
    _left(repo, "golden", "orders", "--ours", "--key", "1")
    repo.resolve("--theirs", code=0)
    assert _table(repo) == [
        [1, "late", "10.50"],
        [2, "done", "21.00"],
        [3, "open", "8.00"],
        [4, "new", None],
    ]


def test_a_cell_can_be_made_null(repo):
    repo.resolve("golden", "orders", "--null", "--key", "2", "--column", "status")
    repo.resolve("golden", "--ours", code=0)
    assert _table(repo)[1] == [2, None, "21.00"]


def test_the_last_decision_about_a_cell_counts(repo):
    for side in ("--theirs", "--ours"):
        repo.resolve("golden", "orders", side, "--key", "2", "--column", "status")
    repo.resolve("golden", "--theirs", code=0)
    assert _table(repo)[1] == [2, "void", "21.00"]


def test_decisions_in_the_file_are_applied_by_the_next_call(repo):
    path = repo.root / CONFLICTS
    lines = path.read_text().replace("    theirs: done\n", "    theirs: done\n    value: by hand\n")
    path.write_text(lines + "    take: ours\n")
    assert _left(repo) == ALL[:2]
    path.write_text("take: theirs\n" + path.read_text())
    repo.resolve(code=0)
    assert _table(repo) == [[1, "void", "10.50"], [2, "by hand", "21.00"], [4, "new", None]]


def test_an_invalid_file_is_reported_with_its_line(repo):
    with (repo.root / CONFLICTS).open("a") as file:
        file.write("    take: mine\n")
    output = repo.run("resolve", code=2)
    assert "'mine' is not a side of a merge" in output
    assert "conflicts/orders.yaml, line" in output


def test_the_rows_of_the_working_copy_are_the_merged_ones_and_the_merge_can_be_committed(repo):
    repo.resolve("--theirs", code=0)
    assert repo.git("status", "--porcelain").split("\n") == [f"M  {POINTER}"]
    repo.git("commit", "-q", "--no-edit")
    assert "Clean" in repo.run("status")
    assert repo.run("verify", "golden").startswith("Intact")


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["golden", "--ours", "--theirs"], 2, "in only one way"),
        (
            ["golden", "orders", "--value", "x", "--null", "--key", "1", "--column", "status"],
            2,
            "in only one way",
        ),
        (["golden", "orders", "--value", "x", "--key", "1"], 2, "one cell"),
        (["golden", "orders", "--null"], 2, "one cell"),
        (["golden", "orders", "--key", "1"], 2, "need a decision"),
        (["golden", "--ours", "--key", "1"], 2, "need a table"),
        (["golden", "orders", "--again", "--ours"], 2, "cannot resolve any"),
        (["golden", "orders", "--ours", "--key", "x"], 2, "'x' is not a valid int64"),
        (["golden", "orders", "--ours", "--key", "1,2"], 2, "is not a valid int64"),
        (
            ["golden", "orders", "--value", "cheap", "--key", "3", "--column", "total"],
            3,
            "is not in conflict",
        ),
        (["gold", "--ours"], 3, "golden"),
        (["golden", "order", "--ours"], 3, "orders"),
        (["golden", "orders", "--ours", "--column", "statu"], 3, "status"),
        (["golden", "orders", "--ours", "--key", "9"], 3, "This row of orders is not in conflict"),
        (["golden", "orders", "--ours", "--key", "2", "--column", "total"], 3, "in conflict: status"),
    ],
)
def test_invalid_arguments_change_nothing(repo, words, code, why):
    before = (repo.root / CONFLICTS).read_bytes(), (repo.root / POINTER).read_bytes()
    assert why in repo.run("resolve", *words, code=code)
    assert ((repo.root / CONFLICTS).read_bytes(), (repo.root / POINTER).read_bytes()) == before


@pytest.mark.parametrize("value", ["cheap", "1.005", "1e99"])
def test_a_value_that_does_not_fit_its_column_is_refused_with_the_type(repo, value):
    _commit_total_conflict(repo)
    output = repo.run(
        "resolve", "golden", "orders", "--value", value, "--key", "1", "--column", "total", code=2
    )
    assert "decimal(" in output
    assert "orders.total" in output


def _commit_total_conflict(repo: MergeRepo) -> None:
    repo.git("merge", "--abort")
    repo.git("switch", "-q", "-c", "t1", "main~1")
    repo.run("checkout", "golden")
    _commit(repo, START.replace("10.50", "11.00"))
    repo.git("switch", "-q", "-c", "t2", "main~1")
    repo.run("checkout", "golden")
    _commit(repo, START.replace("10.50", "12.00"))
    assert repo.try_git("merge", "t1").returncode == 1


def test_a_resolved_conflict_can_be_restored(repo):
    repo.resolve("--theirs", code=0)
    assert _left(repo, "golden", "orders", "--again") == ALL
    assert repo.unmerged() != ""
    repo.resolve("--ours", code=0)
    assert _table(repo)[0] == [1, "late", "10.50"]


def test_earlier_decisions_can_be_discarded(repo):
    repo.resolve("golden", "orders", "--ours", "--key", "1")
    assert _left(repo, "--again") == ALL


def test_a_committed_conflict_cannot_be_restored(repo):
    repo.resolve("--theirs", code=0)
    repo.git("commit", "-q", "--no-edit")
    assert "merge again" in repo.run("resolve", "golden", "--again", code=3)


def test_a_pointer_that_was_changed_since_is_not_overwritten_by_its_conflict(repo):
    repo.resolve("--theirs", code=0)
    _add(repo, START)
    assert "git add" in repo.run("resolve", "golden", "--again", code=4)


@pytest.mark.parametrize(
    "words",
    [
        ("add", "golden"),
        ("publish", "golden", "1.0.0"),
        ("checkout", "golden"),
        ("diff", "golden"),
        ("show", "golden"),
        ("push",),
        ("verify", "golden"),
    ],
)
def test_other_commands_report_that_a_merge_must_be_resolved_first(repo, words):
    before = repo.git("status", "--porcelain"), (repo.root / POINTER).read_bytes()
    output = repo.run(*words, code=4)
    assert "`tdmvc resolve golden`" in output
    assert (repo.git("status", "--porcelain"), (repo.root / POINTER).read_bytes()) == before


def test_status_reports_tables_in_conflict_and_leftover_files(repo):
    output = repo.run("status")
    assert "conflict    orders" in output
    assert "tdmvc resolve golden" in output
    repo.git("merge", "--abort")
    output = repo.run("status")
    assert "conflicts/orders.yaml" in output
    done = repo.resolve(code=0)
    assert done["datasets"][0]["leftovers"] == ["conflicts/orders.yaml"]
    assert not (repo.root / CONFLICTS).parent.exists()
    assert "leftovers" not in repo.run("status")


def test_a_side_chosen_with_git_is_accepted(repo):
    repo.git("checkout", "--theirs", "--", POINTER)
    repo.git("add", POINTER)
    assert repo.resolve(code=0)["datasets"][0]["tables"] == []
    assert not (repo.root / CONFLICTS).exists()
    repo.run("checkout", "golden")
    assert len(_table(repo)) == 4


def test_files_of_conflicts_are_never_committed(repo):
    assert "conflicts" not in repo.git("status", "--porcelain", "--untracked-files=all")


def test_without_a_merge_nothing_has_to_be_resolved(repo):
    repo.git("merge", "--abort")
    repo.run("resolve")
    assert repo.run("resolve").startswith("Nothing to resolve")


def test_personal_cells_are_shown_nowhere_and_resolved_by_a_side(repo):
    output = repo.run("resolve", code=4) + repo.run("resolve", "--format", "json", code=4)
    output += (repo.root / CONFLICTS).read_text() + (repo.root / POINTER).read_text()
    assert "@x.org" not in output
    assert "hidden: true" in output
    refused = repo.run(
        "resolve", "golden", "orders", "--value", "q@x.org", "--key", "1", "--column", "email", code=2
    )
    assert "q@x.org" not in refused
    repo.resolve("--theirs", code=0)
    sql = "select email from orders where id = 1"
    assert "theirs@x.org" in repo.run("sql", sql)


def test_unsaved_edits_are_not_overwritten(repo):
    part = next((repo.root / "datasets/golden/orders").glob("*.parquet"))
    part.chmod(0o644)
    part.write_bytes(part.read_bytes() + b"x")
    before = (repo.root / POINTER).read_bytes()
    assert "--force" in repo.run("resolve", "--ours", code=4)
    assert (repo.root / POINTER).read_bytes() == before
    assert repo.unmerged() != ""
    repo.resolve("--ours", "--force", code=0)
    assert len(_table(repo)) == 3


def test_decisions_of_an_earlier_merge_apply_only_to_identical_conflicts(repo):
    repo.resolve("golden", "orders", "--theirs", "--key", "2", "--column", "status")
    repo.resolve("golden", "orders", "--theirs", "--column", "email")
    repo.git("merge", "--abort")
    repo.git("switch", "-q", "theirs")
    repo.run("checkout", "golden")
    _commit(repo, THEIRS + "5,more@x.org,more,\n")
    repo.git("switch", "-q", "main")
    kept = (repo.root / CONFLICTS).read_bytes()
    assert repo.try_git("merge", "theirs").returncode == 1
    # Git's driver rewrites the file; a file of another merge counts cell by cell.
    (repo.root / CONFLICTS).write_bytes(kept)
    assert _left(repo) == [ALL[0], ALL[1], ALL[3]]
    assert "take: theirs" in (repo.root / CONFLICTS).read_text()


@pytest.fixture
def by_mail(template: Path, tmp_path: Path) -> MergeRepo:
    """A merge of a table whose key is personal: three rows are in conflict."""
    copy_repo(template, tmp_path / "app")
    repo = MergeRepo(tmp_path / "app", tmp_path)
    repo.run("install")
    for branch, word in (("", "start"), ("theirs", "theirs"), ("main", "ours")):
        if branch == "theirs":
            repo.git("switch", "-q", "-c", branch)
        elif branch:
            repo.git("switch", "-q", branch)
            repo.run("checkout", "golden")
        source = tmp_path / "people.csv"
        source.write_text("mail,n\n" + "".join(f"p{place}@x.org,{word}{place}\n" for place in range(3)))
        repo.run("add", "golden", source, "--key", "people=mail")
        contract = repo.root / "datasets/golden/contract.yaml"
        if not branch:
            text = contract.read_text()
            contract.write_text(
                text.replace("- name: mail\n", "- name: mail\n        classification: personal\n")
            )
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", word)
    assert repo.try_git("merge", "theirs").returncode == 1
    return repo


def test_personal_keys_are_shown_as_marks_by_which_rows_can_be_resolved(by_mail):
    path = by_mail.root / "datasets/golden/conflicts/people.yaml"
    output = (
        by_mail.run("resolve", code=4) + path.read_text() + by_mail.run("resolve", "--format", "json", code=4)
    )
    assert "@x.org" not in output
    assert "marked: [mail]" in output
    lines = path.read_text().split("\n")
    at = next(place for place, line in enumerate(lines) if "theirs: theirs1" in line)
    lines.insert(at + 1, "    take: theirs")
    path.write_text("\n".join(lines))
    assert by_mail.resolve()["datasets"][0]["tables"][0]["count"] == 2
    by_mail.run("resolve", "golden", "people", "--theirs", "--key", "p2@x.org", code=4)
    assert "@x.org" not in path.read_text()
    by_mail.resolve("--ours", code=0)
    assert "theirs1" in (rows := by_mail.run("sql", "select n from people order by mail"))
    assert "ours0" in rows
    assert "theirs2" in rows


def test_the_error_for_a_key_without_conflict_does_not_repeat_personal_values(by_mail):
    output = by_mail.run("resolve", "golden", "people", "--ours", "--key", "nobody@x.org", code=3)
    assert "nobody" not in output


def _diverge(folder: Path, template: Path, texts: dict[str, str], *words: str) -> MergeRepo:
    """Make a repository in which `theirs` and main changed the table t, and merge."""
    copy_repo(template, folder / "app")
    repo = MergeRepo(folder / "app", folder)
    repo.run("install")
    for branch, text in texts.items():
        if branch == "theirs":
            repo.git("switch", "-q", "-c", branch)
        elif branch == "ours":
            repo.git("switch", "-q", "main")
            repo.run("checkout", "golden")
        (folder / "t.csv").write_text(text)
        repo.run("add", "golden", folder / "t.csv", *words)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", branch)
    assert repo.try_git("merge", "theirs").returncode == 1
    return repo


def test_rows_with_a_composite_key_can_be_named_in_every_notation(template, tmp_path):
    lines = ["a,1", '"b,c",2', "d,3", "e,4"]
    texts = {
        branch: "code,n,v\n" + "".join(f"{line},{branch}\n" for line in lines)
        for branch in ("base", "theirs", "ours")
    }
    repo = _diverge(tmp_path, template, texts, "--key", "t=code,n")
    for words in (["--key", "a,1"], ["--key", '"b,c",2'], ["--key", "n=3,code=d"]):
        repo.resolve("golden", "t", "--theirs", *words)
    repo.resolve("golden", "t", "--base", "--key", "e", "--key", "4", code=0)
    output = repo.run("sql", "select v from t order by n", "--format", "json")
    assert "".join(output.split()).count('"theirs"') == 3
    assert '"base"' in output


def test_rows_without_a_key_are_resolved_by_their_number(template, tmp_path):
    texts = {"base": "x,y\na,1\n", "theirs": "x,y\na,1\na,1\nb,2\n", "ours": "x,y\na,1\na,1\na,1\n"}
    repo = _diverge(tmp_path, template, texts)
    (table,) = repo.resolve()["datasets"][0]["tables"]
    (conflict,) = table["conflicts"]
    assert (conflict["kind"], conflict["key"], table["key"], table["whole"]) == (
        "row_count",
        ["a", "1"],
        [],
        ["x", "y"],
    )
    assert [conflict[side] for side in ("base", "ours", "theirs")] == ["1", "3", "2"]
    repo.resolve("golden", "t", "--theirs", "--key", "x=a,y=1", code=0)
    output = repo.run("sql", "select x, count(*) from t group by x order by x", "--format", "json")
    assert "".join(output.split()).endswith('"rows":[["a",2],["b",1]],"is_cut":false}')


def test_a_column_with_two_types_is_resolved_by_a_side_and_its_rows_follow(template, tmp_path):
    texts = {
        "base": "id,n\n1,1\n2,2\n",
        "theirs": "id,n\n1,1.5\n2,2\n",
        "ours": "id,n\n1,1\n2,two\n",
    }
    repo = _diverge(tmp_path, template, texts, "--key", "t=id")
    (table,) = repo.resolve()["datasets"][0]["tables"]
    assert {conflict["kind"] for conflict in table["conflicts"]} >= {"column_type"}
    assert "n" in repo.run("resolve", "golden", "t", "--ours", "--column", "x", code=3)
    done = repo.resolve("golden", "t", "--ours", "--column", "n", code=0)
    # The contract says two types as well, and that is a person's file.
    assert done["datasets"][0]["others"] == ["datasets/golden/contract.yaml"]
    repo.git("checkout", "--ours", "--", "datasets/golden/contract.yaml")
    repo.git("commit", "-q", "-a", "-m", "Merged")
    output = repo.run("sql", "select cast(n as varchar) from t order by id", "--format", "json")
    assert "".join(output.split()).endswith('"rows":[["1.5"],["two"]],"is_cut":false}')
