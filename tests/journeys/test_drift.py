"""Which datasets fit the schema of a branch, a merge or an old release, through the real command line."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Tdmvc, git
from tests.series import trials

MANY = trials(10_000, 2_000)
"""More than Python calls within each other."""


def write(app: Path, files: dict[str, str | bytes | None]) -> None:
    """Write files, or remove those whose text is None."""
    for path, text in files.items():
        target = app / path
        if text is None:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())


def commit(app: Path, message: str, files: dict[str, str | bytes | None] | None = None) -> str:
    write(app, files or {})
    git(app, "add", "-A")
    git(app, "commit", "-q", "--allow-empty", "-m", message)
    return git(app, "rev-parse", "HEAD")


def config(app: Path, **locations: str) -> None:
    lines = [f"  {name}: {{{words}}}" for name, words in locations.items()]
    (app / "tdmvc.yaml").write_text("\n".join(["format: tdmvc/1", "migrations:", *lines, ""]))


def revision(id_: str, down: str | None, *, table: str = "orders") -> dict[str, str | bytes | None]:
    text = (
        f'revision = "{id_}"\ndown_revision = {down!r}\n\n\ndef upgrade():\n'
        f'    op.add_column("{table}", sa.Column("{id_}"))\n'
    )
    return {f"db/versions/{id_}.py": text}


def add(tdmvc: Tdmvc, app: Path, dataset: str = "golden", table: str = "orders") -> None:
    source = app.parent / "sources" / f"{table}.csv"
    source.parent.mkdir(exist_ok=True)
    source.write_text("id,total\n1,2\n")
    tdmvc("add", dataset, source, "--key", f"{table}=id", "--migrated")


def drifts(tdmvc: Tdmvc, *words: object, code: int) -> dict[str, Any]:
    """Return the drifts by dataset (and location, if there are several)."""
    found = tdmvc("drift", *words, "--format", "json", code=code).json["drifts"]
    several = len({drift["location"] for drift in found}) > 1
    return {f"{d['ref']} {d['location']}" if several else d["ref"]: d for d in found}


@pytest.fixture
def alembic(repo: Path, tdmvc: Tdmvc) -> Path:
    """A repository at revision a, with orders in `golden` and prices in `reference`."""
    config(repo, main="tool: alembic, path: db")
    write(repo, revision("a", None))
    add(tdmvc, repo)
    add(tdmvc, repo, "reference", "prices")
    commit(repo, "Orders")
    return repo


# Before a merge is made.


def test_two_branches_that_each_add_a_revision_are_found_before_they_are_merged(
    tdmvc: Tdmvc, alembic: Path
) -> None:
    git(alembic, "switch", "-q", "-c", "feature")
    commit(alembic, "b", revision("b", "a"))
    git(alembic, "switch", "-q", "main")
    commit(alembic, "c", revision("c", "a"))
    before = git(alembic, "status", "--porcelain"), git(alembic, "rev-parse", "HEAD")
    assert [m["id"] for m in drifts(tdmvc, code=1)["golden"]["pending"]] == ["c"]
    golden = drifts(tdmvc, "golden", "--merge-preview", "feature", code=1)["golden"]
    assert (golden["status"], [m["id"] for m in golden["pending"]]) == ("behind", ["b", "c"])
    assert [problem["kind"] for problem in golden["problems"]] == ["several-heads"]
    assert golden["at"] == "the merge of HEAD and feature"
    assert (git(alembic, "status", "--porcelain"), git(alembic, "rev-parse", "HEAD")) == before
    text = tdmvc("drift", "--merge-preview", "feature", code=1).out
    assert "the merge of HEAD and feature" in " ".join(text.split())
    assert "problem several-heads" in text


def test_a_dataset_that_a_branch_updated_is_in_step_after_the_merge(tdmvc: Tdmvc, alembic: Path) -> None:
    git(alembic, "switch", "-q", "-c", "feature")
    commit(alembic, "b", revision("b", "a"))
    add(tdmvc, alembic)
    commit(alembic, "The rows follow")
    git(alembic, "switch", "-q", "main")
    commit(alembic, "Something else", {"README.md": "hello\n"})
    found = drifts(tdmvc, "--merge-preview", "feature", code=1)
    assert found["golden"]["status"] == "in-step"
    assert found["reference"]["status"] == "behind"
    (alembic / "datasets" / "golden" / "dataset.yaml").write_text("broken: [")
    assert drifts(tdmvc, "golden", "--merge-preview", "feature", code=0)["golden"]["actual_heads"] == ["b"]


def test_a_migration_in_conflict_is_unreadable_and_named(tdmvc: Tdmvc, alembic: Path) -> None:
    git(alembic, "switch", "-q", "-c", "feature")
    commit(alembic, "theirs", revision("a", None, table="theirs"))
    git(alembic, "switch", "-q", "main")
    commit(alembic, "ours", revision("a", None, table="ours"))
    golden = drifts(tdmvc, "golden", "--merge-preview", "feature", code=1)["golden"]
    assert golden["status"] == "unreadable"
    assert "db/versions/a.py" in golden["message"]
    assert "in conflict" in golden["message"]


def test_a_conflict_elsewhere_does_not_matter(tdmvc: Tdmvc, alembic: Path) -> None:
    git(alembic, "switch", "-q", "-c", "feature")
    commit(alembic, "theirs", {"README.md": "theirs\n", "datasets/golden/orders.dvc": "theirs\n"})
    git(alembic, "switch", "-q", "main")
    commit(alembic, "ours", {"README.md": "ours\n", "datasets/golden/orders.dvc": "ours\n"})
    assert drifts(tdmvc, "--merge-preview", "feature", code=0)["golden"]["status"] == "in-step"


def test_a_manifest_in_conflict_is_unknown_and_other_datasets_are_reported(
    tdmvc: Tdmvc, alembic: Path
) -> None:
    git(alembic, "switch", "-q", "-c", "feature")
    commit(alembic, "b", revision("b", "a"))
    add(tdmvc, alembic)
    commit(alembic, "Theirs")
    git(alembic, "switch", "-q", "main")
    commit(alembic, "c", revision("c", "a"))
    add(tdmvc, alembic)
    commit(alembic, "Ours")
    found = drifts(tdmvc, "--merge-preview", "feature", code=1)
    assert found["golden"]["status"] == "unknown"
    assert "datasets/golden/dataset.yaml is in conflict" in found["golden"]["message"]
    assert found["reference"]["status"] == "behind"


def test_a_merge_that_is_impossible_is_an_error(tdmvc: Tdmvc, alembic: Path) -> None:
    assert "no-such-branch" in tdmvc("drift", "--merge-preview", "no-such-branch", code=3).err
    git(alembic, "checkout", "-q", "--orphan", "other")
    commit(alembic, "From nowhere")
    assert "no common ancestor" in tdmvc("drift", "--merge-preview", "main", code=3).err
    assert "choose one" in tdmvc("drift", "--merge-preview", "main", "--at", "HEAD", code=2).err


def test_with_an_old_git_the_error_names_the_remedy(
    tdmvc: Tdmvc, alembic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(
        '#!/bin/sh\nfor word in "$@"; do\n'
        '  [ "$word" = version ] && echo "git version 2.37.4 (Apple Git-9)" && exit 0\ndone\n'
        f'exec {real} "$@"\n'
    )
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
    refused = tdmvc("drift", "--merge-preview", "main", code=2)
    assert "needs Git 2.38 or newer; this is git version 2.37.4" in refused.err
    assert "scratch branch" in refused.err


# Tables that a migration may affect.


def test_the_tables_that_a_migration_may_affect_are_a_hint_and_excuse_no_dataset(
    tdmvc: Tdmvc, alembic: Path
) -> None:
    commit(alembic, "b", revision("b", "a", table="ORDERS"))
    found = drifts(tdmvc, code=1)
    assert (found["golden"]["touched"], found["reference"]["touched"]) == (["orders"], [])
    assert {name: (drift["status"], drift["is_excused"]) for name, drift in found.items()} == {
        "golden": ("behind", False),
        "reference": ("behind", False),
    }
    assert "may affect orders" in tdmvc("drift", "golden", code=1).out


# Histories that were restarted.


def test_a_renumbered_history_is_unknown_and_names_the_commit(tdmvc: Tdmvc, repo: Path) -> None:
    config(repo, main="tool: flyway, path: sql")
    write(repo, {f"sql/V{number}__x.sql": f"-- {number}\n" for number in (39, 40, 41)})
    add(tdmvc, repo)
    commit(repo, "Up to 41")
    shutil.rmtree(repo / "sql")
    write(repo, {f"sql/V{number}__x.sql": f"-- {number}\n" for number in range(1, 6)})
    golden = drifts(tdmvc, code=1)["golden"]
    assert (golden["status"], golden["extra"]) == ("unknown", [])
    assert "the work tree removed" in golden["message"]
    sha = commit(repo, "Renumbered")
    golden = drifts(tdmvc, code=1)["golden"]
    assert (golden["status"], golden["extra"]) == ("unknown", [])
    assert f"commit {sha[:10]} removed" in golden["message"]
    # An id that never existed here is ahead, and does not fail.
    manifest = repo / "datasets" / "golden" / "dataset.yaml"
    manifest.write_text(manifest.read_text().replace("41", "77"))
    assert drifts(tdmvc, code=0)["golden"]["status"] == "ahead"
    git(repo.parent, "clone", "-q", "--depth", "1", repo.as_uri(), "clone")
    shutil.copy(manifest, repo.parent / "clone" / "datasets" / "golden" / "dataset.yaml")
    (shallow,) = tdmvc("drift", "--format", "json", code=1, folder=repo.parent / "clone").json["drifts"]
    assert shallow["status"] == "unknown"
    assert "git fetch --deepen" in shallow["message"]


# Several locations.


def test_if_one_location_cannot_be_read_the_others_are_reported(tdmvc: Tdmvc, repo: Path) -> None:
    config(repo, main="tool: alembic, path: db", billing="tool: flyway, path: sql")
    write(repo, revision("a", None) | {"sql/V1__x.sql": ""})
    add(tdmvc, repo)
    commit(repo, "Both")
    write(repo, {"db/versions/b.py": 'x = 1\nrevision = compute()\ndown_revision = "a"\n'})
    found = drifts(tdmvc, code=1)
    assert found["golden billing"]["status"] == "in-step"
    assert found["golden main"]["status"] == "unreadable"
    assert "db/versions/b.py, line 2" in found["golden main"]["message"]
    assert tdmvc("drift", "--fail-on", "behind").code == 0
    annotation = tdmvc("drift", "--format", "github", code=1).out.splitlines()[0]
    assert annotation.startswith("::error title=tdmvc drift%3A golden is unreadable (migrations main),")
    assert "file=db/versions/b.py,line=2::" in annotation


def test_migrations_reports_a_location_that_cannot_be_read_next_to_those_that_can(
    tdmvc: Tdmvc, repo: Path
) -> None:
    config(repo, main="tool: alembic, path: db", billing="tool: flyway, path: sql")
    write(repo, {"sql/V1__x.sql": "", "db/versions/b.py": "revision = compute()\n"})
    page = tdmvc("migrations", code=2).out
    assert "billing  flyway, sql, 1 migration" in page
    assert "where  db/versions/b.py, line 1" in page
    document = tdmvc("migrations", "--format", "json", code=2).json
    assert [one["name"] for one in document["locations"]] == ["billing"]
    (unread,) = document["unreadable"]
    assert (unread["name"], unread["where"]) == ("main", "db/versions/b.py, line 1")
    # If nothing can be read, that is an error.
    alone = tdmvc("migrations", "--path", "db", "--tool", "alembic", "--format", "json", code=2)
    assert alone.out == ""
    assert "db/versions/b.py, line 1" in alone.err


# Nothing of the application runs.


def test_a_migration_that_would_write_to_disk_leaves_no_trace(tdmvc: Tdmvc, repo: Path) -> None:
    trace = repo.parent / "trace"
    bomb = f'import pathlib\npathlib.Path({str(trace)!r}).write_text("ran")\n'
    django = f"{bomb}class Migration(migrations.Migration):\n{'    '}dependencies = []\n"
    files: dict[str, str | bytes | None] = {
        "db/env.py": bomb,
        "db/versions/__init__.py": bomb,
        "db/versions/a.py": f'{bomb}revision = "a"\ndown_revision = None\n',
        "shop/__init__.py": bomb,
        "shop/apps.py": bomb,
        "shop/migrations/__init__.py": bomb,
        "shop/migrations/0001_initial.py": django,
        "alembic.ini": "[alembic]\nscript_location = db\n",
        "manage.py": bomb,
        "conftest.py": bomb,
        "sitecustomize.py": bomb,
    }
    write(repo, files)
    config(repo, main="tool: alembic, path: db", web="tool: django, path: .")
    add(tdmvc, repo)
    commit(repo, "Traps")
    commit(repo, "More", {"db/versions/b.py": f'{bomb}revision = "b"\ndown_revision = "a"\n'})
    for words in (["migrations"], ["drift"], ["init"]):
        tdmvc(*words, code=None)
    for words in (["migrations", "--at", "HEAD~1"], ["drift", "--at", "HEAD~1"], ["drift", "--at", "HEAD"]):
        tdmvc(*words, code=None)
    states = tdmvc("migrations", "--at", "HEAD~1", "--format", "json").json["locations"]
    assert [state["heads"] for state in states] == [["a"], ["shop.0001_initial"]]
    assert not trace.exists()


def test_json_with_names_that_are_not_utf8_can_be_printed(tdmvc: Tdmvc, repo: Path) -> None:
    config(repo, main="tool: flyway, path: sql")
    folder = os.fsencode(repo / "sql")
    os.mkdir(folder)
    for name in (b"V1__caf\xe9.sql", b"V2__new\nline.sql", "V3__schöner.sql".encode()):
        with open(folder + b"/" + name, "wb") as file:
            file.write(b"-- \xff\n")
    commit(repo, "Names")
    for words in ([], ["--at", "HEAD"]):
        document = json.loads(tdmvc("migrations", *words, "--format", "json").out)
        (state,) = document["locations"]
        assert [migration["id"] for migration in state["migrations"]] == ["1", "2", "3"], words
        assert tdmvc("migrations", *words).out.startswith("3 migrations")


# Hostile repositories.


def test_a_huge_migration_is_unreadable_with_its_name_and_what_to_do(tdmvc: Tdmvc, repo: Path) -> None:
    config(repo, main="tool: flyway, path: sql", other="tool: flyway, path: more")
    write(repo, {"sql/V1__a.sql": "", "more/V1__a.sql": ""})
    add(tdmvc, repo)
    with open(repo / "sql" / "V2__load.sql", "wb") as file:
        file.truncate(100 << 20)
    found = drifts(tdmvc, code=1)
    assert (found["golden main"]["status"], found["golden other"]["status"]) == ("unreadable", "in-step")
    assert found["golden main"]["problems"][0]["path"] == "sql/V2__load.sql"
    refused = tdmvc("migrations", code=2)
    assert "sql/V2__load.sql" in refused.out
    assert "move the rows out of it" in refused.out


def test_a_submodule_in_place_of_the_folder_is_reported(tdmvc: Tdmvc, repo: Path) -> None:
    config(repo, main="tool: alembic, path: lib/db")
    sha = commit(repo, "Config")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{sha},lib")
    git(repo, "commit", "-q", "-m", "A submodule")
    refused = tdmvc("migrations", "--at", "HEAD", code=2)
    assert "This is a submodule" in refused.err
    assert "Where: lib\n" in refused.err
    assert "no migration folder" in tdmvc("migrations", code=2).err


def test_thousands_of_revisions_in_one_chain_are_read_at_a_past_revision(tdmvc: Tdmvc, alembic: Path) -> None:
    ids = [f"r{number:05d}" for number in range(MANY)]
    files: dict[str, str | bytes | None] = {
        f"db/versions/{id_}.py": f'revision = "{id_}"\ndown_revision = "{parent}"\n'
        for parent, id_ in zip(["a", *ids[:-1]], ids, strict=True)
    }
    commit(alembic, "Many", files)
    shutil.rmtree(alembic / "db")
    commit(alembic, "None")
    golden = drifts(tdmvc, "golden", "--at", "HEAD~1", code=1)["golden"]
    assert (golden["status"], len(golden["pending"])) == ("behind", MANY)
    assert tdmvc("migrations", "--at", "HEAD~1").out.startswith(f"{MANY + 1:,} migrations")


def test_a_location_that_a_dataset_does_not_record_names_those_that_it_does(
    tdmvc: Tdmvc, alembic: Path
) -> None:
    write(alembic, {"sql/V1__x.sql": ""})
    config(alembic, main="tool: alembic, path: db", billing="tool: flyway, path: sql")
    found = drifts(tdmvc, "golden", code=1)
    assert (found["golden main"]["status"], found["golden billing"]["status"]) == ("in-step", "unknown")
    assert "records migrations of main, but none of billing" in found["golden billing"]["message"]


# Heads of many applications.


def _django(app: str, name: str, after: str | None) -> dict[str, str | bytes | None]:
    depends = f'("{app}", "{after}")' if after else ""
    text = f"class Migration(migrations.Migration):\n    dependencies = [{depends}]\n    operations = []\n"
    return {f"{app}/migrations/{name}.py": text}


def test_branches_that_move_the_heads_of_different_applications_merge_their_datasets(
    tdmvc: Tdmvc, repo: Path
) -> None:
    config(repo, main="tool: django, path: .")
    for app in ("accounts", "billing", "orders"):
        write(repo, _django(app, "0001_initial", None))
    add(tdmvc, repo)
    commit(repo, "Three applications")
    for branch, app in (("ours", "accounts"), ("theirs", "orders")):
        git(repo, "switch", "-q", "-c", branch, "main")
        write(repo, _django(app, "0002_more", "0001_initial"))
        page = tdmvc("drift", code=1).out
        assert f"made for   {app}.0001_initial, and 2 heads that are the same" in page
        assert f"schema at  {app}.0002_more, and 2 heads that are the same" in page
        add(tdmvc, repo)
        commit(repo, f"More {app}")
    assert tdmvc("drift", "--merge-preview", "ours").code == 0
    git(repo, "merge", "-q", "ours")
    assert tdmvc("drift").code == 0
