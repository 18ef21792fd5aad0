"""Runs that are killed at random instants: after the next command, nothing of them is left."""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.environments.application import CONFIG, SERVICE, App
from tests.series import trials
from tests.servers import DatabaseServer

SERVER = CONFIG.replace("sqlite:///test.db", "${TEST_URL}").replace("{path}", "{url}")
EMBEDDED = CONFIG.replace("sqlite:///test.db", "embedded").replace("{path}", "{url}")
LEAVES = (
    "import subprocess, time; subprocess.Popen(['sleep', '600'], start_new_session=True); time.sleep(600)"
)
"""A command that starts a program in a session of its own."""

Look = Callable[[], list[str]]


@pytest.fixture
def folder(app: App) -> Iterator[Path]:
    """The folder for temporary files of an application, with a name that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="kills-", dir="/tmp") as name:
        os.chmod(name, 0o755)  # if this user is root, the server is `nobody`
        app.variables = {"TMPDIR": name}
        yield Path(name)


def processes(folder: Path) -> list[str]:
    """Return the processes that belong to runs in a folder: servers by their arguments, others by their mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            command = (entry / "cmdline").read_bytes()
            if f"{folder}/".encode() in command + (entry / "environ").read_bytes().replace(b"TMPDIR", b""):
                found.append(f"{entry.name} {command.decode(errors='replace')}")
        except OSError:
            continue
    return found


def kill_at_random(app: App, folder: Path, seconds: float, trial: int, look: Look) -> None:
    """Kill a run, and demand that the next one leaves nothing of it."""
    chance = random.Random(f"{app.root.name} {trial}")
    if trial % 2:
        app.report("true")
    process = app.start("-q", "run", "--", sys.executable, "-c", LEAVES, start_new_session=True)
    time.sleep(0.3 + chance.random() * seconds)
    if trial % 3:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    # What it started may hold its streams.
    process.wait()
    app.report("true")
    cache = app.root.parent / "cache" / "tdmvc"
    unfinished = [str(path) for path in (*cache.glob("*/.unfinished-*"), *folder.rglob("run-*"))]
    files = [path.name for path in app.root.iterdir() if "test.db" in path.name]
    assert [*unfinished, *files, *processes(folder), *look()] == []


@pytest.mark.parametrize("trial", range(trials(100, 2)))
def test_nothing_of_a_file_is_left(app: App, folder: Path, trial: int) -> None:
    app.configure(CONFIG + SERVICE)
    kill_at_random(app, folder, 2.5, trial, list)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("trial", range(trials(100, 1)))
def test_nothing_of_an_embedded_server_is_left(app: App, folder: Path, trial: int) -> None:
    app.configure(EMBEDDED + SERVICE)
    kill_at_random(app, folder, 6.0, trial, list)


@pytest.mark.parametrize("trial", range(trials(100, 1)))
def test_nothing_on_a_server_that_runs_is_left_but_the_template(
    app: App, folder: Path, trial: int, postgres_server: DatabaseServer
) -> None:
    app.configure(SERVER + SERVICE)
    base = f"kills{os.getpid()}x{trial}"
    app.variables = {**app.variables, "TEST_URL": postgres_server.url(base)}

    def databases() -> list[str]:
        query = f"SELECT datname, datallowconn FROM pg_database WHERE datname LIKE '{base}%'"
        return [name for name, is_open in postgres_server.rows("", query) if is_open]

    kill_at_random(app, folder, 3.0, trial, databases)
    app.run("run", "--", "true")
    assert len(postgres_server.rows("", f"SELECT 1 FROM pg_database WHERE datname LIKE '{base}%'")) == 1
