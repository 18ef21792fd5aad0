"""Databases that are files: where they are, what is never overwritten, and what goes when a run ends or is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.environments.base import TemplateBuild, TemplateKey
from tdmvc.environments.files import provider_for
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, TemplateOrigin
from tdmvc.model.location import Location, PathLocation, ServerLocation
from tests.environments.files.conftest import KEY, ROWS, Provide, build, path_of, run

SCHEMES = pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])


def refuse(location: Location) -> None:
    raise AssertionError("this is not necessary")


def rows(path: Path, scheme: str = "sqlite") -> list[object]:
    if scheme == "duckdb":
        import duckdb

        with closing(duckdb.connect(str(path))) as database:
            return list(database.execute("SELECT id, name FROM customers ORDER BY id").fetchall())
    with closing(sqlite3.connect(path)) as reader:
        return list(reader.execute("SELECT id, name FROM customers ORDER BY id").fetchall())


@SCHEMES
def test_the_database_is_the_file_that_programs_open(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "db.sqlite3"
    provider = provider_for(PathLocation(path, scheme))
    with provider.open(KEY, build()) as source:
        assert source.origin is TemplateOrigin.BUILT
        assert not path.exists()
        first, second = source.create(), source.create()
        assert path_of(first) == path
        assert path_of(second) == tmp_path / "db-2.sqlite3"
        assert rows(path, scheme) == rows(path_of(second), scheme) == [(1, "Ann"), (2, "Bo")]
        second.drop()
        assert path_of(source.create()) == tmp_path / "db-2.sqlite3"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != "cache"] == []
    with provider.open(KEY, TemplateBuild(refuse, refuse)) as source:
        assert source.origin is TemplateOrigin.REUSED
        assert rows(path_of(source.create()), scheme) == [(1, "Ann"), (2, "Bo")]
    assert [stored.key for stored in provider.list_templates()] == [KEY]
    assert provider.remove_template(KEY)
    assert provider.list_templates() == []


@SCHEMES
def test_a_template_for_other_rows_is_made_without_migrating(tmp_path: Path, scheme: str) -> None:
    provider = provider_for(PathLocation(tmp_path / "db", scheme))
    with provider.open(KEY, build()):
        pass

    def more(location: Location) -> None:
        run(location, ("INSERT INTO customers VALUES (3, 'Cy')",))

    with provider.open(replace(KEY, rows="more"), TemplateBuild(refuse, more)) as source:
        assert source.origin is TemplateOrigin.DERIVED
        assert rows(path_of(source.create()), scheme) == [(1, "Ann"), (2, "Bo"), (3, "Cy")]
    with provider.open(KEY, TemplateBuild(refuse, refuse)) as source:
        assert rows(path_of(source.create()), scheme) == [(1, "Ann"), (2, "Bo")]


@pytest.mark.parametrize("name", ["db.sqlite3", "db.sqlite3-journal", "db.sqlite3-wal"])
@pytest.mark.parametrize("is_built", [False, True])
def test_a_file_that_tdmvc_did_not_make_is_not_touched(tmp_path: Path, name: str, *, is_built: bool) -> None:
    provider = provider_for(PathLocation(tmp_path / "db.sqlite3", "sqlite"))
    if is_built:
        with provider.open(KEY, build()):
            pass
    (tmp_path / name).write_text("precious")
    with (
        pytest.raises(DatabaseError, match="tdmvc did not make it") as caught,
        provider.open(KEY, build()) as source,
    ):
        source.create()
    assert (tmp_path / name).read_text() == "precious"
    assert str(tmp_path / name) in str(caught.value)
    # What the message advises.
    (tmp_path / name).rename(tmp_path / "kept")
    with provider.open(KEY, build()) as source:
        assert rows(path_of(source.create())) == [(1, "Ann"), (2, "Bo")]


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from tdmvc.environments.base import TemplateBuild, TemplateKey
from tdmvc.environments.files import provider_for
from tdmvc.model.location import PathLocation

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def write(location):
    c = sqlite3.connect(location.path)
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("CREATE TABLE customers (id, name)")
    c.commit()

path, when = sys.argv[1:]
provider = provider_for(PathLocation(Path(path), "sqlite"))
migrate = {"before the build": die, "in the build": lambda location: (write(location), die())}.get(when, write)
with provider.open(TemplateKey("killed", "rows", ""), TemplateBuild(migrate, lambda _: None)) as source:
    database = source.create()
    source.create()
    c = sqlite3.connect(path)
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("INSERT INTO customers VALUES (1, 'x')")
    c.commit()
    if when == "in a copy":
        Path(path).unlink()
        os.replace = die
        database.reset()
    die()
"""


def kill(path: Path, when: str) -> None:
    try:
        os.setxattr(path.parent, "user.tdmvc.test", b"")
    except OSError:
        pytest.skip("this file system has no attributes, so that nothing tells a file from one of its name")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(path), when], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before the build", "in the build", "in a test", "in a copy"])
def test_what_a_killed_run_left_goes_with_the_next_run(tmp_path: Path, when: str) -> None:
    (tmp_path / "app").mkdir()
    path = tmp_path / "app" / "db.sqlite3"
    kill(path, when)
    assert list((tmp_path / "app").iterdir())
    other = provider_for(PathLocation(tmp_path / "other.duckdb", "duckdb"))
    with other.open(KEY, build()):
        assert list((tmp_path / "app").iterdir()) == []
    kill(path, when)
    with provider_for(PathLocation(path, "sqlite")).open(KEY, build()) as source:
        assert path_of(source.create()) == path
        assert rows(path) == [(1, "Ann"), (2, "Bo")]
    assert list((tmp_path / "app").iterdir()) == []


def make_anew(path: Path) -> None:
    path.unlink()
    path.write_text("precious")


def restore_a_copy(path: Path) -> None:
    subprocess.run(["cp", "-a", str(path), str(path) + ".kept"], check=True)
    path.unlink()
    os.rename(str(path) + ".kept", path)


@pytest.mark.parametrize("work", [make_anew, restore_a_copy])
def test_what_a_person_put_in_place_of_a_killed_runs_file_stays(
    tmp_path: Path, work: Callable[[Path], None]
) -> None:
    path = tmp_path / "db.sqlite3"
    kill(path, "in a test")
    work(path)
    before = path.read_bytes()
    provider = provider_for(PathLocation(path, "sqlite"))
    with pytest.raises(DatabaseError, match="tdmvc did not make it"), provider.open(KEY, build()) as source:
        source.create()
    assert path.read_bytes() == before


def test_two_runs_at_once_have_files_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tdmvc.environments.base import TemplateBuild, TemplateKey
        from tdmvc.environments.files import provider_for
        from tdmvc.model.location import PathLocation

        provider = provider_for(PathLocation(Path(sys.argv[1]), "sqlite"))
        with provider.open(TemplateKey("schema", "rows", ""), TemplateBuild(None, None)) as source:
            database = source.create()
            print(database.location.path, flush=True)
            sys.stdin.readline()
            print(database.reset().method, flush=True)
        """
    )
    provider = provider_for(PathLocation(path, "sqlite"))
    with provider.open(KEY, build()) as source:
        here = source.create()
        command = [sys.executable, "-c", program, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            there = Path(other.stdout.readline().strip())
            assert there == tmp_path / "db-2.sqlite3"
            run(here.location, ("DELETE FROM customers",))
            assert rows(there) == [(1, "Ann"), (2, "Bo")]
            assert not provider.remove_template(KEY)
            assert here.reset().method is ResetMethod.COPY
            assert other.communicate("\n")[0].strip() == "nothing"
        assert not there.exists()
        assert rows(path) == [(1, "Ann"), (2, "Bo")]


@SCHEMES
def test_a_failed_build_leaves_nothing(tmp_path: Path, scheme: str) -> None:
    def fail(location: Location) -> None:
        run(location, ("CREATE TABLE half (x INTEGER)",))
        raise ValueError("the migration failed")

    (tmp_path / "app").mkdir()
    provider = provider_for(PathLocation(tmp_path / "app" / "db", scheme))
    with (
        pytest.raises(ValueError, match="the migration failed"),
        provider.open(KEY, TemplateBuild(fail, refuse)),
    ):
        pass
    assert list((tmp_path / "app").iterdir()) == []
    assert provider.list_templates() == []


def test_a_program_that_a_build_left_running_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdmvc.environments.files.sqlite.WAIT_SECONDS", 0.2)
    left = []

    def migrate(location: Location) -> None:
        assert isinstance(location, PathLocation)
        left.append(sqlite3.connect(location.path, isolation_level=None))
        left[0].execute("PRAGMA journal_mode = WAL")
        left[0].execute("CREATE TABLE customers (id, name)")
        left[0].execute("BEGIN IMMEDIATE")

    provider = provider_for(PathLocation(tmp_path / "db", "sqlite"))
    with (
        pytest.raises(DatabaseError, match="cannot become a template"),
        provider.open(KEY, TemplateBuild(migrate, lambda _: None)),
    ):
        pass
    left[0].close()
    assert not (tmp_path / "db").exists()


def test_a_template_keeps_the_log_that_migrations_chose(provide: Provide) -> None:
    made = build(("PRAGMA journal_mode = WAL", "CREATE TABLE customers (id, name)"), ROWS[:1])
    path = path_of(provide("sqlite", made).create())
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    provider = provider_for(PathLocation(tmp_path / "file" / "db", "sqlite"))
    with (
        pytest.raises(DatabaseError, match="cannot be written: Not a directory") as caught,
        provider.open(KEY, build()),
    ):
        pass
    assert str(tmp_path / "file" / "db") in str(caught.value)


def test_folders_that_are_missing_are_made_for_the_time_of_a_run(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "db"
    with provider_for(PathLocation(path, "sqlite")).open(KEY, build()) as source:
        assert rows(path_of(source.create())) == [(1, "Ann"), (2, "Bo")]
    assert not (tmp_path / "new").exists()


def test_a_server_is_no_file() -> None:
    with pytest.raises(Exception, match="sqlite:///FILE"):
        provider_for(ServerLocation("postgresql", database="shop"))


def test_equal_schemas_of_different_engines_have_templates_of_their_own(provide: Provide) -> None:
    key = TemplateKey("the same", "the same", "")
    assert provide("sqlite", key=key).origin is TemplateOrigin.BUILT
    assert provide("duckdb", key=key, name="app/db.duckdb").origin is TemplateOrigin.BUILT


@pytest.mark.skipif(os.geteuid() != 0, reason="filling a disk needs root")
def test_a_full_disk_is_told_and_room_helps(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=False
    ).returncode:
        pytest.skip("this container mounts nothing")
    try:
        provider = provider_for(PathLocation(disk / "db.sqlite3", "sqlite"))
        with provider.open(KEY, build()) as source:
            database = source.create()
            run(database.location, ("DELETE FROM orders",))
            path_of(database).unlink()
            fill = disk / "fill"
            with open(fill, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass
            with pytest.raises(DatabaseError, match="No space left on device"):
                database.reset()
            with pytest.raises(DatabaseError, match="No space left on device"):
                source.create()
            fill.unlink()
            assert database.reset().method is ResetMethod.COPY
            assert rows(path_of(database)) == [(1, "Ann"), (2, "Bo")]
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
