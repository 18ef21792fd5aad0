"""A server ends with its owner, however that ends, and no other server is touched."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from tdmvc.errors import DatabaseError
from tdmvc.servers import find_mariadb, start_mariadb, start_postgres
from tdmvc.servers.processes import find_servers
from tdmvc.servers.run_folders import servers_folder
from tests.servers import DatabaseServer, without_package

OWNER = """
    import sys, time
    from tdmvc.servers import start_mariadb, start_postgres
    start = start_mariadb if sys.argv[1] == "mariadb" else start_postgres
    with start() as server:
        print(server.folder, flush=True)
        time.sleep(60)
"""


class Owner:
    """A process that has a server."""

    def __init__(self, engine: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(OWNER), engine],
            env={**os.environ, "PYTHONPATH": os.getcwd()},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.folder = Path(self.process.stdout.readline().strip())

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def owner() -> Iterator[Owner]:
    found = Owner("postgres")
    yield found
    if found.process.poll() is None:
        found.end(signal.SIGTERM)


def gone(folder: Path) -> bool:
    """Whether a server and its folder are gone, or go within a few seconds."""
    for _ in range(100):
        if not folder.exists() and not find_servers(folder):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_to_the_owner_ends_the_server(number: int, code: int, owner: Owner) -> None:
    assert len(find_servers(owner.folder)) == 1
    assert owner.end(number) in (code, 1, 130)
    assert gone(owner.folder)


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_the_server_of_a_killed_owner_is_stopped_at_the_next_start(engine: str) -> None:
    if engine == "mariadb":
        try:
            find_mariadb()
        except DatabaseError as error:
            without_package(error)
    killed = Owner(engine)
    killed.end(signal.SIGKILL)
    assert len(find_servers(killed.folder)) == 1
    with start_postgres():
        assert gone(killed.folder)


def test_the_server_of_a_living_owner_is_left_alone(owner: Owner) -> None:
    with start_postgres() as server:
        assert len(find_servers(owner.folder)) == 1
        assert len(find_servers(server.folder)) == 1
    assert len(find_servers(owner.folder)) == 1


def test_a_number_that_another_process_has_now_is_not_killed() -> None:
    folder = servers_folder() / "run-feedbeef"
    (folder / "data").mkdir(parents=True)
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)", str(folder)]
    with subprocess.Popen(sleeper, start_new_session=True) as other:
        (folder / "data" / "postmaster.pid").write_text(f"{other.pid}\n{folder}/data\n")
        with start_postgres():
            assert not folder.exists()
            assert other.poll() is None
        other.kill()


@pytest.mark.skipif(shutil.which("ps") is None, reason="needs ps")
def test_servers_are_found_where_there_is_no_proc(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = postgres_server.running.folder
    found = find_servers(folder)
    assert len(found) == 1
    monkeypatch.setattr("tdmvc.servers.processes._PROC", tmp_path)
    assert find_servers(folder) == found
    assert find_servers(folder.with_name("run-00000000")) == []


FORK = """
    import os, sys
    from tdmvc.servers import start_postgres
    from tdmvc.servers.processes import find_servers
    with start_postgres() as server:
        child = os.fork()
        if child == 0:
            # It leaves the block and ends as its parent will.
            sys.exit(5)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
        assert len(find_servers(server.folder)) == 1
    assert not server.folder.exists()
"""


def test_a_forked_process_does_not_end_the_server_of_its_parent() -> None:
    # In a process of its own: one that runs tests has threads, and what they hold is locked or broken in a child.
    program = [sys.executable, "-c", textwrap.dedent(FORK)]
    done = subprocess.run(
        program, env={**os.environ, "PYTHONPATH": os.getcwd()}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"tdmvc-{os.geteuid()}").symlink_to("/")
    with pytest.raises(DatabaseError, match="belongs to another user") as error, start_postgres():
        pass
    assert error.value.exit_code == 7


def test_mariadb_takes_only_its_administrator_and_leaves_nothing() -> None:
    try:
        find_mariadb()
    except DatabaseError as error:
        without_package(error)
    with start_mariadb() as server:
        assert server.password not in repr(server)
        for host in ({"host": server.host, "port": server.port}, {"unix_socket": str(server.socket)}):
            with pymysql.connect(user=server.user, password=server.password, **host) as connection:  # type: ignore[arg-type]
                cursor = connection.cursor()
                cursor.execute("SELECT user, host FROM mysql.user ORDER BY 1, 2")
                assert cursor.fetchall() == (
                    ("mariadb.sys", "localhost"),
                    ("root", "127.0.0.1"),
                    ("root", "localhost"),
                )
            for user, password in (("root", ""), ("", ""), ("mariadb.sys", ""), ("root", "wrong")):
                with pytest.raises(pymysql.err.OperationalError):
                    pymysql.connect(user=user, password=password, **host)  # type: ignore[arg-type]
        for path in server.folder.rglob("*"):
            if path.is_file() and not path.is_socket():
                assert server.password.encode() not in path.read_bytes(), path
    assert gone(server.folder)
