"""Whatever Git, the store, the names and the machine are like: a message and an exit code, never a bug.

Each test runs commands of every kind, in this process, over one repository that something is wrong with.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tdmvc.cli.main import run
from tdmvc.cli.streams import prepare_streams
from tests.builders import Tdmvc, add_remotes, add_tables, commit_all, copy_repo, git, publish, run_quietly
from tests.series import IS_LONG, trials

READING = (
    "status",
    "list",
    "show golden",
    "show golden@1.0.0 --format json",
    "diff golden@1.0.0 golden",
    "sql 'select * from t'",
    "log golden t",
    "blame golden t",
    "review HEAD~1 --format html",
    "merge-check other",
    "check",
    "check --rows",
    "verify",
    "gc",
)
WRITING = (
    "checkout golden",
    "checkout golden@1.0.0 --into ../copy.sqlite",
    "checkout golden --into ../copy.duckdb",
    "checkout golden --into ../copy",
    "add golden",
    "add golden ../source/t.csv --append",
    "publish golden 2.0.0",
    "install",
    "revert golden HEAD",
    "push",
    "merge other",
    "resolve golden",
    "merge --abort",
)
EVERY = (*READING, *WRITING)
_NOBODY = 65534


def some_of(commands: Sequence[str], number: int) -> Sequence[str]:
    """Return every fifth command, so that five neighbours run all; in the long series, all of them."""
    return commands if IS_LONG else commands[number % 5 :: 5]


def words_of(command: str) -> list[str]:
    return [word.strip("'") for word in re.findall(r"'[^']*'|\S+", command)]


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0, a branch with another row of its table, and a remote; made once."""
    app = copy_repo(template, tmp_path_factory.mktemp("damaged") / "app")
    add_tables(app, {"t": "id,name\n1,Ada\n2,Grace\n", "u": "id,t_id\n1,1\n"})
    publish(app)
    add_remotes(app, "origin")
    commit_all(app, "A remote")
    git(app, "switch", "-q", "-c", "other")
    add_tables(app, {"t": "id,name\n1,Ada\n2,Grace\n3,Mary\n"})
    git(app, "switch", "-q", "main")
    run_quietly(app, "checkout", "golden")
    add_tables(app, {"t": "id,name\n1,Ada L.\n2,Grace\n"})
    return app


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of the repository, with the sources beside it."""
    shutil.copytree(made.parent, tmp_path / "place", symlinks=True)
    return tmp_path / "place" / "app"


@pytest.fixture
def expect_no_bug(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, int]]:
    """Run commands, of which none may end in a bug or a traceback; return their exit codes."""

    def expect(app: Path, commands: Sequence[str] = EVERY) -> dict[str, int]:
        codes: dict[str, int] = {}
        for command in commands:
            capsys.readouterr()
            words = [
                str(app.parent / word[3:]) if word.startswith("../") else word for word in words_of(command)
            ]
            codes[command] = run(["-C", str(app), *words])
            said = capsys.readouterr().err
            assert codes[command] != 70, (command, said)
            assert "Traceback" not in said, command
            # A merge that needs a person (4) says so in its result.
            assert codes[command] in (0, 1, 4) or "Fix: " in said, (command, said)
        return codes

    return expect


NoBug = Callable[..., dict[str, int]]


def point_at(app: Path, entries: object) -> None:
    """Make the pointer of table t name a listing with these entries."""
    data = json.dumps(entries, sort_keys=True).encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = app / ".dvc/cache/files/md5" / md5[:2] / f"{md5[2:]}.dir"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    pointer = app / "datasets/golden/t.dvc"
    text = re.sub(r"md5: [0-9a-f]{32}\.dir", f"md5: {md5}.dir", pointer.read_text())
    pointer.write_text(re.sub(r" *nfiles: \d+\n", "", text))


def entries_of(app: Path) -> list[dict[str, str]]:
    md5 = re.search(r"md5: ([0-9a-f]{32})\.dir", (app / "datasets/golden/t.dvc").read_text())
    assert md5 is not None
    listing = app / ".dvc/cache/files/md5" / md5[1][:2] / f"{md5[1][2:]}.dir"
    entries: list[dict[str, str]] = json.loads(listing.read_text())
    return entries


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_listing_without_parts_is_an_empty_table(
    place: Path, expect_no_bug: NoBug, tdmvc: Tdmvc, is_committed: bool
) -> None:
    point_at(place, [])
    if is_committed:
        commit_all(place, "An empty listing")
    few = ("sql 'select * from t'", "show golden", "merge-check other", "merge other", "add golden")
    codes = expect_no_bug(place, EVERY if IS_LONG else few)
    assert codes["sql 'select * from t'"] == 0


def test_an_empty_listing_of_an_unknown_table_is_reported(place: Path, expect_no_bug: NoBug) -> None:
    point_at(place, [])
    contract = place / "datasets/golden/contract.yaml"
    contract.write_text(contract.read_text().split("schema:")[0] + "schema: []\n")
    expect_no_bug(place, some_of(EVERY, 0))


OTHER_ROWS = {
    "another type of the key": "id,name\nx9,Eve\n",
    "fewer columns": "id\n9\n",
    "more columns": "id,name,mail\n9,Eve,eve@x.test\n",
    "other columns": "id,town\n9,Ulm\n",
}


@pytest.mark.parametrize("kind", OTHER_ROWS)
def test_parts_of_two_tables_in_one_listing_are_reported(
    place: Path, expect_no_bug: NoBug, tdmvc: Tdmvc, kind: str
) -> None:
    ours = entries_of(place)
    source = place.parent / "t.csv"
    source.write_text(OTHER_ROWS[kind])
    run_quietly(place, "add", "golden", source)
    point_at(place, sorted([*ours, *entries_of(place)], key=lambda entry: entry["relpath"]))
    commit_all(place, "Two states, merged by hand")
    error = tdmvc("sql", "select * from t", folder=place, code=6).err
    assert "do not belong to one table" in error
    expect_no_bug(place, some_of(EVERY, list(OTHER_ROWS).index(kind)))
    # The advice works.
    tdmvc("add", "golden", source, folder=place)
    tdmvc("sql", "select * from t", folder=place)


def _as_detached(app: Path) -> None:
    git(app, "checkout", "-q", "--detach")


def _as_without_commit(app: Path) -> None:
    shutil.rmtree(app / ".git")
    git(app, "init", "-q")


def _as_unborn(app: Path) -> None:
    git(app, "symbolic-ref", "HEAD", "refs/heads/new")


def _as_rebase(app: Path) -> None:
    subprocess.run(["git", "rebase", "other"], cwd=app, capture_output=True)


def _as_bisect(app: Path) -> None:
    git(app, "bisect", "start", "HEAD", "HEAD~2")


def _as_conflict(app: Path) -> None:
    subprocess.run(["git", "merge", "other"], cwd=app, capture_output=True)


def _as_sparse(app: Path) -> None:
    git(app, "sparse-checkout", "set", "--no-cone", "/tdmvc.yaml")


def _as_git_file(app: Path) -> None:
    shutil.rmtree(app / ".git")
    (app / ".git").write_bytes(b"\xff\0")


def _as_without_objects(app: Path) -> None:
    shutil.rmtree(app / ".git/objects")
    (app / ".git/objects").mkdir()


def _as_damaged_objects(app: Path) -> None:
    for number, path in enumerate(sorted((app / ".git/objects").glob("??/*"))):
        if number % 3 == 0:
            path.chmod(0o644)
            path.write_bytes(b"garbage")


def _as_odd_refs(app: Path) -> None:
    (app / ".git/refs/tags/v9.0.0").write_text("f" * 40 + "\n")
    git(app, "tag", "v8.0.0", "HEAD^{tree}")
    git(app, "tag", "v7.0.0", git(app, "rev-parse", "HEAD:VERSION"))


def _as_unknown_format(app: Path) -> None:
    git(app, "config", "core.repositoryFormatVersion", "1")
    git(app, "config", "extensions.future", "true")


GIT_STATES: list[Callable[[Path], None]] = [
    _as_detached,
    _as_without_commit,
    _as_unborn,
    _as_rebase,
    _as_bisect,
    _as_conflict,
    _as_sparse,
    _as_git_file,
    _as_without_objects,
    _as_damaged_objects,
    _as_odd_refs,
    _as_unknown_format,
]


@pytest.mark.parametrize("change", GIT_STATES, ids=lambda change: change.__name__)
def test_no_state_of_git_is_a_bug(place: Path, expect_no_bug: NoBug, change: Callable[[Path], None]) -> None:
    change(place)
    expect_no_bug(place, some_of(EVERY, GIT_STATES.index(change)))


def _clone(app: Path, *options: str) -> Path:
    git(app, "config", "uploadpack.allowFilter", "true")
    git(app.parent, "clone", "-q", *options, f"file://{app}", "clone")
    return app.parent / "clone"


CLONES = ["--depth=1", "--filter=blob:none", "--filter=tree:0"]


@pytest.mark.parametrize("option", CLONES)
def test_no_kind_of_clone_is_a_bug(place: Path, expect_no_bug: NoBug, option: str) -> None:
    expect_no_bug(_clone(place, option), some_of(EVERY, CLONES.index(option)))


def test_a_bare_repository_a_git_folder_and_a_submodule_are_no_bugs(
    place: Path, expect_no_bug: NoBug
) -> None:
    few = ("status", "check", "add golden", "merge other")
    assert set(expect_no_bug(_clone(place, "--bare"), few).values()) == {2}
    expect_no_bug(place / ".git", few)
    outer = place.parent / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(place), "inner")
    expect_no_bug(outer / "inner", few)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_gets_the_advice_of_git(
    place: Path, expect_no_bug: NoBug, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in (place, place / ".git"):
        os.chown(path, _NOBODY, _NOBODY)
    expect_no_bug(place, some_of(EVERY, 1))
    advice = f"git config --global --add safe.directory {place}"
    commands = ("status", "check", "log golden", "publish golden 2.0.0", "merge other", "install", "gc")
    for command in commands:
        ran = tdmvc(*command.split(), folder=place, code=2)
        assert "does not trust this repository" in ran.err, command
        assert f"`{advice}`" in ran.err, command
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    subprocess.run(advice.split(), check=True)
    tdmvc("status", folder=place)


def test_memory_that_is_too_small_is_reported(
    place: Path, expect_no_bug: NoBug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDMVC_MEMORY", "1B")
    commands = ("merge-check other", "checkout golden --into ../copy.sqlite", "diff golden@1.0.0 golden")
    assert 6 in expect_no_bug(place, EVERY if IS_LONG else commands).values()


READ_ONLY = [".git", ".dvc", ".dvc/cache", "datasets"]


@pytest.mark.parametrize("folder", READ_ONLY)
def test_a_folder_that_cannot_be_written_is_no_bug(place: Path, expect_no_bug: NoBug, folder: str) -> None:
    forbidden = [place / folder, *(path for path in (place / folder).rglob("*") if path.is_dir())]
    for path in forbidden:
        path.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        # Root may write everywhere, so become another user, who owns the repository.
        for path in (place.parent, *place.parent.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
        for parent in place.parent.parents:
            if parent.stat().st_uid == 0 and parent.stat().st_mode & 0o005 != 0o005:
                parent.chmod(parent.stat().st_mode | 0o005)
        os.seteuid(_NOBODY)
    try:
        expect_no_bug(place, some_of(EVERY, READ_ONLY.index(folder)))
        assert expect_no_bug(place, ("publish golden 2.0.0",)) != {"publish golden 2.0.0": folder != ".git"}
    finally:
        if is_root:
            os.seteuid(0)
        for path in forbidden:
            if path.exists():
                path.chmod(0o755)


ABSENT_MODULES = frozenset({"fcntl", "grp", "pwd", "pty", "readline", "resource", "termios", "tty"})
ABSENT_NAMES = {
    "os": "O_DIRECTORY O_NOFOLLOW O_CLOEXEC fchmod fchown chown killpg getuid geteuid getgid getegid setsid getpgid "
    "getpgrp setpgid pread pwrite statvfs sysconf uname mkfifo nice sched_getaffinity posix_fadvise sendfile wait4",
    "signal": "SIGKILL SIGHUP SIGUSR1 SIGUSR2 SIGPIPE SIGALRM SIGCHLD SIGTSTP SIGQUIT SIGWINCH pthread_sigmask alarm",
}


@pytest.fixture
def _as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide from our own modules what Python lacks on Windows; other packages have code of their own for it."""
    import builtins

    real = builtins.__import__

    def refuse(name: str, globals_: dict[str, object] | None = None, *args: Any) -> ModuleType:
        if name in ABSENT_MODULES and str((globals_ or {}).get("__name__")).startswith("tdmvc"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, globals_, *args)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for name, words in ABSENT_NAMES.items():
        whole = sys.modules[name]
        part = ModuleType(name)
        part.__dict__.update({key: value for key, value in vars(whole).items() if key not in words.split()})
        for module in [one for key, one in sys.modules.items() if key.startswith("tdmvc.")]:
            if getattr(module, name, None) is whole:
                monkeypatch.setattr(module, name, part)


@pytest.mark.usefixtures("_as_on_windows")
def test_every_command_works_without_what_windows_lacks(place: Path, expect_no_bug: NoBug) -> None:
    added = "add golden ../source/t.csv"
    commands = ("status", "check", "checkout golden@1.0.0", added, "publish golden 2.0.0", "push", "install")
    codes = expect_no_bug(place, EVERY if IS_LONG else commands)
    assert [command for command in commands if codes.get(command)] == []


ENCODINGS = ["cp1252", "koi8-r", *(["latin-1", "iso8859-2"] if IS_LONG else [])]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_output_that_lacks_characters_gets_others_in_their_place(
    place: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    source = place.parent / "ü日.csv"
    source.write_text("id,naïve 日本\n1,Zürich 日本 💥\n", encoding="utf-8")
    run_quietly(place, "add", "golden", source, "--key", "ü日=id")
    commit_all(place, "Ünïcode 日本")

    def said_by(*words: str) -> tuple[int, str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        prepare_streams()
        code = run(["-C", str(place), *words])
        err.flush()
        assert code in (0, 1, 3), (words, err.buffer.getvalue())
        out.flush()
        return code, out.buffer.getvalue().decode(encoding)

    number = ENCODINGS.index(encoding)
    for command in (*some_of(READING, number), "show 日本", "add --help", "blame golden ü日 --format csv"):
        said_by(*words_of(command))
    for words in (("show", "golden"), ("diff", "golden@1.0.0", "golden"), ("review", "HEAD~1")):
        _, text = said_by(*words, "--format", "json")
        assert "日" in json.dumps(json.loads(text), ensure_ascii=False)
        assert text.isascii()
    _, text = said_by("review", "HEAD~1", "--format", "html")
    assert text.isascii()
    assert "&#26085;" in text
    _, text = said_by("show", "golden")
    assert "\\u65e5" in text


NAMES = (
    *("{x}", "{", "{0}", "%s", "%(x)s", "${x}", "$(id)", "`id`", "a b", " a", "a ", "a.", ".a", "..", "a/b"),
    *("a\\b", "a:b", "- a", "# a", "!a", "&a", "*", "?", "[a-z]", "|", ">", "@a", 'a"b', "a'b", "a,b", "a;b"),
    *("<b>", "</script>", "a\nb", "a\tb", "\x1b[31m", "\u202e", "e\u0301", "日本", "💥", "ß", "null", "true"),
    *("1e3", "~", "select", "rowid", "count(*)", "k0", "n", "CON", "nul.txt", "x.dvc", "dataset.yaml"),
    *("contract.yaml", "dvc.lock", "Versions", "::error::x", "__proto__", "--key", "x" * 170, "x" * 2000),
)


@pytest.mark.parametrize("start", range(trials(20, 1)))
def test_no_name_of_a_column_is_a_bug(repo: Path, tdmvc: Tdmvc, expect_no_bug: NoBug, start: int) -> None:
    """The columns are a key, a unique column, a reference and a plain column, and their rows are in conflict."""
    names = NAMES[start::20]
    source = repo.parent / "source.duckdb"

    def load(value: str) -> None:
        source.unlink(missing_ok=True)
        with duckdb.connect(str(source)) as con:
            for number, name in enumerate(names):
                quoted = '"' + name.replace('"', '""') + '"'
                other = '"' + name.replace('"', '""') + '2"'
                con.execute(
                    f"CREATE TABLE t{number} ({quoted} INTEGER PRIMARY KEY, v TEXT, {other} TEXT UNIQUE)"
                )
                con.execute(f"INSERT INTO t{number} VALUES (1, ?, 'a'), (2, 'x', 'b')", [value])
                con.execute(f"CREATE TABLE r{number} (id INTEGER, r INTEGER REFERENCES t{number} ({quoted}))")
                con.execute(f"INSERT INTO r{number} VALUES (1, 2)")
        run_quietly(repo, "add", "golden", source)
        commit_all(repo, value)

    load("base")
    publish(repo)
    git(repo, "switch", "-q", "-c", "other")
    load("theirs")
    git(repo, "switch", "-q", "main")
    run_quietly(repo, "checkout", "golden")
    load("ours")
    reading = (
        *("status", "show golden", "check", "verify", "log golden t0", "blame golden t0"),
        *(
            "diff golden@1.0.0 golden",
            "review HEAD~1",
            "merge-check other",
            "merge-check other --format junit",
        ),
        *(f"review HEAD~1 --format {name}" for name in ("json", "markdown", "github", "junit", "sarif")),
    )
    commands = (
        *(some_of(reading, 2)),
        *("check --rows", "review HEAD~1 --format html", "checkout golden --into ../copy.sqlite"),
        *(
            "checkout golden --into ../copy.duckdb",
            "merge other",
            "resolve golden",
            "resolve golden --theirs",
        ),
    )
    codes = expect_no_bug(repo, commands)
    assert codes["resolve golden --theirs"] == 0
    assert codes["checkout golden --into ../copy.duckdb"] == 0


def test_no_name_of_a_table_is_a_bug(repo: Path, tdmvc: Tdmvc, expect_no_bug: NoBug) -> None:
    source = repo.parent / "source.duckdb"
    with duckdb.connect(str(source)) as con:
        for name in NAMES[:-1][:: trials(1, 3)]:
            quoted = '"' + name.replace('"', '""') + '"'
            con.execute(f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, v TEXT)")
            con.execute(f"INSERT INTO {quoted} VALUES (1, 'a')")
    tdmvc("add", "golden", source)
    commit_all(repo, "Names")
    publish(repo)
    commands = (
        *("status", "show golden", "check", "verify", "log golden", "diff golden@1.0.0 golden"),
        *("review HEAD~1", "review HEAD~1 --format html", "checkout golden --into ../copy.duckdb"),
        "checkout golden --into ../copy",
        "add golden ../copy.duckdb",
        "add golden ../copy",
    )
    assert set(expect_no_bug(repo, commands).values()) == {0}
    assert tdmvc("diff", "golden@1.0.0", "golden", "--exit-code").code == 0


@pytest.mark.parametrize("name", ["x" * 300, "日" * 100, "é" * 130])
def test_a_table_name_that_is_too_long_for_a_folder_is_refused(repo: Path, tdmvc: Tdmvc, name: str) -> None:
    source = repo.parent / "source.duckdb"
    with duckdb.connect(str(source)) as con:
        con.execute(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY)')
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    error = tdmvc("add", "golden", source, code=2).err
    assert "too long for a folder" in error
    tdmvc("add", "golden", source, "--exclude", name)


def test_columns_that_a_relationship_names_are_quoted_in_messages_as_they_are(
    repo: Path, tdmvc: Tdmvc, expect_no_bug: NoBug
) -> None:
    source = repo.parent / "source.duckdb"

    def load(*statements: str) -> None:
        source.unlink(missing_ok=True)
        with duckdb.connect(str(source)) as con:
            for statement in statements:
                con.execute(statement)
        run_quietly(repo, "add", "golden", source, "--replace")
        commit_all(repo, "Rows")

    parent = 'CREATE TABLE "{x}" ("{y}" INTEGER PRIMARY KEY)'
    load(parent, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    git(repo, "switch", "-q", "-c", "other")
    load(parent, 'CREATE TABLE t (id INTEGER PRIMARY KEY, r INTEGER REFERENCES "{x}" ("{y}"))')
    git(repo, "switch", "-q", "main")
    load("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    expect_no_bug(repo, ("merge-check other", "merge other", "resolve golden"))


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_names_that_a_database_cannot_keep_apart_are_refused(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, kind: str
) -> None:
    for name in ("orders", "Orders"):
        (tmp_path / "rows.csv").write_text("id\n1\n")
        tdmvc("add", "golden", tmp_path / "rows.csv", "--table", name, "--key", f"{name}=id")
    target = tmp_path / f"copy.{kind}"
    error = tdmvc("checkout", "golden", "--into", target, code=7).err
    assert "Orders and orders" in error
    assert not target.exists()
    tdmvc("checkout", "golden", "--into", target, "--table", "orders")
    tdmvc("checkout", "golden", "--into", tmp_path / "folder")


def test_every_column_type_can_have_no_rows() -> None:
    from tdmvc.arrow.types import SIMPLE
    from tdmvc.sql.types import no_rows

    types = [*SIMPLE.values(), pa.decimal128(10, 2), pa.list_(pa.int64())]
    schema = pa.schema([pa.field(f'c"{number}', type_) for number, type_ in enumerate(types)])
    with duckdb.connect() as con:
        found = con.execute(f"SELECT * FROM {no_rows(schema)}")
        assert (found.fetchall(), [column[0] for column in found.description or ()]) == ([], schema.names)
