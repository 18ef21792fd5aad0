"""Whatever goes wrong: a message with what, where and what to do, and nothing lost."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import Ran, Tdmvc, add_tables, copy_repo, git, publish
from tests.journeys.command_runner import CommandRunner, Kill
from tests.series import long_only, trials

TABLES = ("customers", "orders", "products")
ORDERS = "id,text\n1,a\n2,b\n"


def write_source(folder: Path, mark: str, *, rows: int = 200) -> Path:
    """Write a folder of three tables that say the mark."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        lines = [
            f"{n},{table} {mark} {hashlib.md5(f'{table}{n}{mark}'.encode()).hexdigest()}" for n in range(rows)
        ]
        (folder / f"{table}.csv").write_text("\n".join(["id,text", *lines]) + "\n")
    return folder


def use_small_parts(repo: Path) -> None:
    """Let tables have many parts, so that there is much to be interrupted."""
    folder = repo / "datasets" / "golden"
    folder.mkdir(parents=True)
    (folder / "dataset.yaml").write_text(
        "format: tdmvc.dataset/1\nname: golden\nkind: golden\npart_rows: 32\n"
    )


def add_words(repo: Path, source: Path) -> list[object]:
    keys = [word for table in TABLES for word in ("--key", f"{table}=id")]
    return ["-C", repo, "-q", "add", "golden", source, *keys]


def content(tdmvc: Tdmvc, folder: Path) -> str:
    """Return what the dataset says, after making sure that all of it is there and laid out."""
    output = tdmvc("show", "golden", "--format", "json", folder=folder).json["content"]
    tdmvc("verify", "golden", folder=folder)
    status = tdmvc("status", "--format", "json", folder=folder).json
    assert {t["work"] for d in status["datasets"] for t in d["tables"]} == {"clean"}
    return str(output)


def assert_message(ran: Ran, *words: str) -> None:
    """Make sure that a message says what, where and what to do, and is no traceback."""
    assert ran.err.startswith("error: "), ran.err
    assert "Traceback" not in ran.err
    assert "\nFix: " in ran.err, ran.err
    for word in words:
        assert word in ran.err, ran.err


def leftovers(repo: Path) -> list[str]:
    """Return files of ours that should have gone."""
    return [str(path) for path in repo.rglob(".tdmvc-*") if ".dvc/cache" not in str(path)]


@pytest.fixture
def two_states(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> dict[str, Path]:
    """Two sources by the content that they give; the dataset holds the second."""
    use_small_parts(repo)
    states: dict[str, Path] = {}
    for mark in ("old", "new"):
        source = write_source(tmp_path / mark, mark)
        tdmvc(*add_words(repo, source)[2:])
        states[content(tdmvc, repo)] = source
    assert len(states) == 2
    return states


def next_source(states: dict[str, Path], now: str) -> Path:
    return next(source for output, source in states.items() if output != now)


@pytest.mark.slow
def test_an_interrupted_add_exits_with_130_and_changes_nothing(
    repo: Path, tdmvc: Tdmvc, runner: CommandRunner, two_states: dict[str, Path]
) -> None:
    now = content(tdmvc, repo)
    seconds = runner.run(add_words(repo, next_source(two_states, now))).seconds
    now = content(tdmvc, repo)
    codes: set[int] = set()
    turns = trials(12, 3)
    # On a busy machine, signals may come late: then there are more turns.
    for number in range(5 * turns):
        if number >= turns and 130 in codes:
            break
        after = 0.01 + seconds * (number % turns) / turns
        ran = runner.run(add_words(repo, next_source(two_states, now)), kill=Kill(signal.SIGINT, after=after))
        assert ran.codes in ([130], [0]), ran.err
        after_signal = content(tdmvc, repo)
        assert after_signal in two_states
        if ran.codes == [130]:
            assert "Interrupted" in ran.err[0]
            assert "run the same command again" in ran.err[0]
        else:
            assert after_signal != now
        codes.update(ran.codes)
        now = after_signal
    assert 130 in codes
    assert runner.run(add_words(repo, next_source(two_states, now))).codes == [0]
    assert content(tdmvc, repo) != now
    assert leftovers(repo) == []


@long_only
def test_eight_adds_to_different_tables_at_once_lose_nothing(
    repo: Path, tdmvc: Tdmvc, runner: CommandRunner, tmp_path: Path
) -> None:
    commands: list[list[object]] = []
    for number in range(8):
        path = tmp_path / f"t{number}.csv"
        path.write_text(f"id\n{number}\n")
        commands.append(["-C", repo, "-q", "add", "golden", path])
    assert runner.run(*commands).codes == [0] * 8
    for number in range(8):
        rows = tdmvc("sql", f"select id from golden.t{number}", "--format", "json").json["rows"]
        assert rows == [[number]]
    content(tdmvc, repo)


def test_eight_appends_to_one_table_at_once_lose_no_row(
    repo: Path, tdmvc: Tdmvc, runner: CommandRunner, tmp_path: Path
) -> None:
    commands: list[list[object]] = []
    for number in range(8):
        path = tmp_path / str(number) / "t.csv"
        path.parent.mkdir()
        path.write_text(f"id\n{number * 2}\n{number * 2 + 1}\n")
        commands.append(["-C", repo, "-q", "add", "golden", path, "--append"])
    assert runner.run(*commands).codes == [0] * 8
    rows = tdmvc("sql", "select id from golden.t order by id", "--format", "json").json["rows"]
    assert rows == [[n] for n in range(16)]
    content(tdmvc, repo)


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of `dataset`, made once; its remote is beside it, wherever it is."""
    app = copy_repo(template, tmp_path_factory.mktemp("faults") / "app")
    with (app / ".dvc" / "config").open("a") as file:
        file.write("[core]\n    remote = origin\n['remote \"origin\"']\n    url = ../../remote\n")
    add_tables(app, {"orders": ORDERS})
    publish(app)
    return app


@pytest.fixture
def dataset(made: Path, repo: Path, tmp_path: Path) -> Path:
    """The repository with one published table and a remote that holds it."""
    shutil.rmtree(repo)
    copy_repo(made, repo)
    git(repo, "update-index", "-q", "--refresh")
    (tmp_path / "orders.csv").write_text(ORDERS)
    return repo


def objects(repo: Path, *, listings: bool = False) -> list[Path]:
    """Return the files of the cache: parts, or listings."""
    found = (repo / ".dvc" / "cache" / "files" / "md5").glob("*/*")
    return sorted(path for path in found if path.name.endswith(".dir") is listings)


def spoil(path: Path, how: str) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(bytes(data[: len(data) // 2]))
    else:
        data[len(data) // 2] ^= 0x10
        path.write_bytes(bytes(data))


@pytest.mark.parametrize("how", ["missing", "truncated", "flipped"])
@pytest.mark.parametrize("what", ["part", "listing"])
def test_a_bad_object_is_reported_and_pull_repairs_it(
    dataset: Path, tdmvc: Tdmvc, how: str, what: str
) -> None:
    tdmvc("push")
    config = (dataset / ".dvc" / "config").read_text()
    (dataset / ".dvc" / "config").write_text("")
    (victim,) = objects(dataset, listings=what == "listing")
    good = victim.read_bytes()
    spoil(victim, how)
    result = tdmvc("checkout", "golden@1.0.0", "--into", dataset.parent / "out", code=6)
    expected = "is missing" if how == "missing" else "is damaged"
    assert_message(result, "orders", expected, "tdmvc pull")
    assert not (dataset.parent / "out").exists()
    assert not victim.exists()
    again = tdmvc("sql", "select * from golden.orders", code=6)
    expected = "is missing" if how == "missing" else "is damaged and in quarantine"
    assert_message(again, expected, "no remote (none is configured)", "tdmvc push")
    (dataset / ".dvc" / "config").write_text(config)
    tdmvc("pull")
    assert victim.read_bytes() == good
    content(tdmvc, dataset)


def test_a_damaged_object_is_found_by_verify_and_repaired_from_a_remote(dataset: Path, tdmvc: Tdmvc) -> None:
    tdmvc("push")
    (victim,) = objects(dataset)
    good = victim.read_bytes()
    spoil(victim, "flipped")
    result = tdmvc("verify").err
    assert victim.read_bytes() == good
    assert "A damaged object of golden/orders" in result
    assert "quarantine" in result
    assert "a good one was fetched" in result
    # It is told once; what was mended is no news.
    assert tdmvc("verify").err == ""


def test_a_damaged_listing_is_named_when_a_good_one_is_fetched(dataset: Path, tdmvc: Tdmvc) -> None:
    tdmvc("push")
    (victim,) = objects(dataset, listings=True)
    spoil(victim, "flipped")
    assert "A damaged object of golden/orders" in tdmvc("show", "golden").err


def test_a_damaged_object_that_the_remote_lacks_is_reported_as_damaged(
    dataset: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    (tmp_path / "remote").mkdir()
    (victim,) = objects(dataset)
    spoil(victim, "flipped")
    result = tdmvc("checkout", "golden@1.0.0", "--into", tmp_path / "out", code=6)
    assert_message(result, "is damaged and in quarantine", "tdmvc pull")
    assert "is missing" not in result.err


def test_an_object_that_no_remote_has_is_named_with_the_places_searched(
    dataset: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    (tmp_path / "remote").mkdir()
    (victim,) = objects(dataset)
    victim.unlink()
    # The working copy holds the same bytes, and would give them back.
    shutil.rmtree(dataset / "datasets" / "golden" / "orders")
    for words in (["pull"], ["push"], ["checkout", "golden@1.0.0", "--into", tmp_path / "out"]):
        result = tdmvc(*words, code=6)
        assert_message(result, "is missing", "looked in the cache", "remote 'origin'")
    assert tdmvc("verify", code=1).out


@pytest.mark.parametrize(
    "name", ["../../../../evil.parquet", "/tmp/evil.parquet", "x/../../evil.parquet", "a.csv"]
)
def test_a_listing_that_leads_out_of_its_folder_is_refused(
    dataset: Path, tdmvc: Tdmvc, tmp_path: Path, name: str
) -> None:
    (part,) = objects(dataset)
    md5 = part.parent.name + part.name
    data = json.dumps([{"md5": md5, "relpath": name}]).encode()
    oid = hashlib.md5(data).hexdigest() + ".dir"
    listing = dataset / ".dvc" / "cache" / "files" / "md5" / oid[:2] / oid[2:]
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_bytes(data)
    pointer = dataset / "datasets" / "golden" / "orders.dvc"
    pointer.write_text(re.sub(r"[0-9a-f]{32}\.dir", oid, pointer.read_text()))
    before = sorted(tmp_path.rglob("*.parquet"))
    for words in (
        ["checkout", "golden"], ["checkout", "golden", "--into", tmp_path / "out"], ["show", "golden"], ["pull"],
        ["sql", "select * from golden.orders"], ["push"], ["diff", "golden@1.0.0", "golden"],
    ):  # fmt: skip
        result = tdmvc(*words, code=6)
        assert_message(
            result, "names a file that cannot belong to a table", "do not trust this pointer", str(listing)
        )
    assert sorted(tmp_path.rglob("*.parquet")) == before
    tdmvc("verify", "golden", code=1)


def test_a_part_that_is_not_parquet_is_reported_even_if_its_md5_is_right(
    dataset: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    data = b"these are no rows"
    md5 = hashlib.md5(data).hexdigest()
    listing = json.dumps([{"md5": md5, "relpath": "a" * 64 + ".parquet"}]).encode()
    oid = hashlib.md5(listing).hexdigest() + ".dir"
    for name, kept in ((md5, data), (oid, listing)):
        path = dataset / ".dvc" / "cache" / "files" / "md5" / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept)
    pointer = dataset / "datasets" / "golden" / "orders.dvc"
    pointer.write_text(re.sub(r"[0-9a-f]{32}\.dir", oid, pointer.read_text()))
    for words in (
        ["show", "golden"],
        ["diff", "golden@1.0.0", "golden"],
        ["sql", "select * from golden.orders"],
    ):
        assert_message(tdmvc(*words, code=6), "not a valid Parquet file", "so the pointer is wrong")
    assert "not a valid Parquet file" in tdmvc("verify", "golden", code=1).out


def test_new_rows_can_be_added_if_the_old_ones_are_lost(dataset: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    shutil.rmtree(dataset / ".dvc" / "cache")
    (dataset / ".dvc" / "config").write_text("")
    (tmp_path / "orders.csv").write_text("id,text\n3,c\n")
    refused = tdmvc("add", "golden", tmp_path / "orders.csv", "--append", code=6)
    assert_message(refused, "is missing")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    assert tdmvc("sql", "select id from golden.orders", "--format", "json").json["rows"] == [[3]]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("tdmvc.yaml", "", "dataset: data\n", ["line 1", "'dataset'", "datasets"]),
        ("datasets/golden/dataset.yaml", "kind: golden", "knd: golden", ["'knd'", "kind", "line"]),
        ("datasets/golden/dataset.yaml", "kind: golden", "kind: gold", ["'kind'", "golden", "line"]),
        ("datasets/golden/dataset.yaml", "kind: golden", "kind: [golden", ["line"]),
        ("datasets/golden/dataset.yaml", "kind: golden", "kind: golden\npart_rows: many",
         ["'part_rows'", "line 4", "Expected a whole number"]),
        ("datasets/golden/versions/1.0.0.yaml", "published:", "publised:", ["publised", "line"]),
        ("datasets/golden/orders.dvc", "hash: md5", "hash: sha256", ["not a pointer", "line", "'outs.md5'"]),
        ("datasets/golden/orders.dvc", "outs:", "out:", ["'outs'"]),
        ("datasets/golden/orders.dvc", "path: orders", "path: ../../x", ["own name without .dvc", "line"]),
        ("datasets/golden/contract.yaml", "logicalType: integer", "logicalType: intger", ["line"]),
    ],
)  # fmt: skip
def test_a_wrong_key_in_a_file_of_ours_is_reported_with_file_line_and_key(
    dataset: Path, tdmvc: Tdmvc, file: str, old: str, new: str, words: list[str]
) -> None:
    path = dataset / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else new + text)
    result = tdmvc("show", "golden@1.0.0" if "versions" in file else "golden", code=2)
    if "Expected" in result.err:
        # Such a message says at once what to do.
        result = Ran(result.code, result.out, result.err + "\nFix: ")
    assert_message(result, file, *words)
    path.write_text(text)
    tdmvc("show", "golden@1.0.0")


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["show", "goldn"], "golden"),
        (["show", "golden@1.0.1"], "1.0.0"),
        (["show", "golden@no-such-branch"], ""),
        (["checkout", "--release", "2.14.0"], ""),
        (["checkout", "golden@1.0.0", "--tables", "order"], "orders"),
        (["diff", "golden@1.0.0", "golden", "--table", "oders"], "orders"),
        (["publish", "goldne"], "golden"),
        (["add", "goldne"], "SOURCE"),
        (["verify", "gold"], "golden"),
        (["pull", "golde"], "golden"),
    ],
)
def test_unknown_names_are_reported_with_similar_ones(
    dataset: Path, tdmvc: Tdmvc, words: list[str], near: str
) -> None:
    result = tdmvc(*words, code=3)
    assert_message(result, near)


def test_a_table_that_nobody_has_added_yet_can_be_named_in_a_diff(dataset: Path, tdmvc: Tdmvc) -> None:
    folder = dataset / "datasets" / "golden" / "fresh"
    folder.mkdir()
    pq.write_table(pa.table({"id": [1]}), folder / "any.parquet")
    (table,) = tdmvc("diff", "--table", "fresh", "--format", "json").json["tables"]
    assert (table["name"], table["status"]) == ("fresh", "added")


def test_an_unknown_table_in_key_and_an_unknown_column_are_reported_separately(
    dataset: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    result = tdmvc("add", "golden", tmp_path / "orders.csv", "--key", "ordrs=id", code=3)
    assert_message(result, "ordrs", "did you mean 'orders'", "--key")
    result = tdmvc("add", "golden", tmp_path / "orders.csv", "--key", "orders=ident", code=2)
    assert_message(result, "ident", "columns: id, text", "--key orders=")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes of one's own, for tests that fill it or forbid writing."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tdmvc-test", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_leaves_the_old_state_and_the_next_add_completes(
    template: Path, small_disk: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    app = small_disk / "app"
    copy_repo(template, app)
    use_small_parts(app)
    old, new = (write_source(tmp_path / mark, mark) for mark in ("old", "new"))
    tdmvc(*add_words(app, old)[2:], folder=app)
    before = content(tdmvc, app)
    failed = 0
    for kilobytes in (0, 4, 12, 24, 48, 72, 96, 120, 144, 168, 200):
        free = shutil.disk_usage(small_disk).free - kilobytes * 1024
        with (app / "ballast").open("wb") as ballast, contextlib.suppress(OSError):
            ballast.write(b"\1" * max(free, 0))
        result = tdmvc(*add_words(app, new)[2:], folder=app, code=None)
        (app / "ballast").unlink()
        if result.code == 0:
            break
        failed += 1
        assert result.code == 6
        assert_message(
            result,
            "No space left on device",
            str(small_disk),
            "free some space" if "free" in result.err else "",
        )
        # With a begun change, this finishes it; else the old state is there.
        assert content(tdmvc, app) in (before, _content_of(tdmvc, template, new, tmp_path))
        if content(tdmvc, app) != before:
            tdmvc(*add_words(app, old)[2:], folder=app)
    assert failed >= 5
    tdmvc(*add_words(app, new)[2:], folder=app)
    assert content(tdmvc, app) == _content_of(tdmvc, template, new, tmp_path)
    assert leftovers(app) == []


def _content_of(tdmvc: Tdmvc, template: Path, source: Path, tmp_path: Path) -> str:
    """Return what a source says, by adding it elsewhere."""
    app = tmp_path / "elsewhere" / source.name
    if not app.exists():
        copy_repo(template, app)
        use_small_parts(app)
        tdmvc(*add_words(app, source)[2:], folder=app)
    return str(tdmvc("show", "golden", "--format", "json", folder=app).json["content"])


def test_a_read_only_repository_can_be_read_and_writing_fails_with_the_reason(
    template: Path, small_disk: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    app = small_disk / "app"
    copy_repo(template, app)
    source = write_source(tmp_path / "old", "old", rows=3)
    tdmvc(*add_words(app, source)[2:], folder=app)
    before = content(tdmvc, app)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    tdmvc("sql", "select * from golden.orders", folder=app)
    tdmvc("checkout", "golden", "--into", tmp_path / "out", folder=app)
    for words in (["show", "golden"], ["status"], ["diff"], ["list"], ["verify"]):
        tdmvc(*words, folder=app)
    changed = write_source(tmp_path / "new", "new", rows=3)
    for words in (add_words(app, changed)[2:], ["publish", "golden"]):
        result = tdmvc(*words, folder=app, code=None)
        assert result.code in (3, 6), result.err
    result = tdmvc(*add_words(app, changed)[2:], folder=app, code=6)
    assert_message(result, "Read-only file system", str(app), "fix the permissions")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert content(tdmvc, app) == before
    tdmvc(*add_words(app, changed)[2:], folder=app)
    assert content(tdmvc, app) != before


def test_a_repository_without_a_commit_can_be_used(tdmvc: Tdmvc, tmp_path: Path) -> None:
    app = tmp_path / "fresh"
    app.mkdir()
    git(app, "init", "-q", "-b", "main")
    tdmvc("init", folder=app)
    source = write_source(tmp_path / "source", "old", rows=3)
    tdmvc(*add_words(app, source)[2:], folder=app)
    content(tdmvc, app)
    assert "added" in tdmvc("diff", folder=app).out
    tdmvc("list", folder=app)
    result = tdmvc("publish", "golden", folder=app, code=None)
    assert result.code in (2, 3)
    assert_message(result, "commit")
    result = tdmvc("show", "golden@HEAD", folder=app, code=3)
    assert_message(result, "HEAD")


def test_a_detached_head_is_as_good_as_a_branch(dataset: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    git(dataset, "checkout", "-q", "--detach")
    (tmp_path / "orders.csv").write_text("id,text\n1,z\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    assert tdmvc("status", "--format", "json").json["branch"] is None
    diff = tdmvc("diff", "--format", "json").json
    assert diff["summary"]["rows"] == {"added": 0, "removed": 1, "changed": 1, "ignored": 0}
    tdmvc("checkout", "golden@1.0.0")
    tdmvc("diff", "--exit-code")


def test_paths_with_spaces_quotes_and_letters_of_all_kinds_work(
    template: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    app = tmp_path / 'Größe it\'s [a] "名" {b} %s' / "my app"
    copy_repo(template, app)
    source = write_source(app.parent / "das [quelle]*", "old", rows=3)
    tdmvc(*add_words(app, source)[2:], folder=app)
    before = content(tdmvc, app)
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "Golden data")
    write_source(source, "new", rows=3)
    tdmvc(*add_words(app, source)[2:], folder=app)
    assert tdmvc("diff", "--format", "json", folder=app).json["summary"]["rows"]["changed"] == 9
    tdmvc("checkout", "golden@HEAD", folder=app)
    assert content(tdmvc, app) == before
    tdmvc("checkout", "golden", "--into", app.parent / "out [x]", folder=app)
    assert tdmvc("sql", "select count(*) from golden.orders", "--format", "json", folder=app).json[
        "rows"
    ] == [[3]]


def test_outside_of_a_git_repository_the_remedy_is_git_init(tdmvc: Tdmvc, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for words in (["status"], ["init"], ["add", "golden", tmp_path / "x.csv"]):
        result = tdmvc(*words, folder=tmp_path / "plain", code=2)
        assert_message(result, "Git", str(tmp_path / "plain"), "git init")


def test_a_bare_repository_is_refused(tdmvc: Tdmvc, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    git(tmp_path / "bare", "init", "-q", "--bare")
    result = tdmvc("status", folder=tmp_path / "bare", code=2)
    assert_message(result, "bare" if "bare" in result.err else "work tree")


def test_a_repository_without_tdmvc_or_dvc_is_advised_to_run_init(
    template: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    app = tmp_path / "bare app"
    app.mkdir()
    git(app, "init", "-q")
    result = tdmvc("status", folder=app, code=None)
    assert result.code in (2, 3)
    assert_message(result, "tdmvc init")
    shutil.copy(template / "tdmvc.yaml", app / "tdmvc.yaml")
    result = tdmvc("add", "golden", tmp_path / "x.csv", folder=app, code=2)
    assert_message(result, "DVC", "tdmvc init")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("none.csv", None),
        ("empty.csv", b""),
        ("t.parquet", b"PAR1 torn"),
        ("t.json", b'[{"a": 1'),
        ("t.xyz", b"?"),
    ],
)
def test_a_source_that_cannot_be_read_is_reported_and_nothing_is_made(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, name: str, data: bytes | None
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    result = tdmvc("add", "golden", path, code=2)
    assert_message(result, str(path))
    assert not list((repo / "datasets").rglob("*.dvc"))


def test_a_source_that_breaks_in_the_middle_changes_no_table(
    dataset: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    before = content(tdmvc, dataset)
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.csv").write_text("id\n1\n")
    (folder / "orders.csv").write_text("id,text\n9,z\n")
    (folder / "z.csv").write_bytes(b"id,x\n" + b"1,2\n" * 5000 + b"3\n")
    result = tdmvc("add", "golden", folder, code=2)
    assert_message(result, "line 5002")
    assert content(tdmvc, dataset) == before
    assert git(dataset, "status", "--porcelain") == ""
