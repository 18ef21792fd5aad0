"""A stand-in for the interpreter that runs `-m tdmvc`, `-m dvc` and `-m pytest` without paying for imports each time.

Git's drivers and the stages of DVC start a process for each table, and the pytest plugin runs tests again in another.
The stand-in hands its arguments, environment, folder and streams to a process that has everything imported, which
forks for each of them, and for the processes that keep an environment for such a command. What a command of tdmvc
imports, that process imports for those that come later. Whoever tests how a process starts, is interrupted or is
killed, or what it imports, takes `sys.executable` instead.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SERVER = """
import array, atexit, contextlib, fcntl, json, os, runpy, signal, socket, subprocess, sys, tempfile, time
from importlib import import_module
from tdmvc.cli.main import main
for name in ("commands.build", "plumbing.git_diff", "plumbing.git_merge", "plumbing.git_textconv"):
    import_module(f"tdmvc.cli.{name}")
# Imported, and never used here: whoever forks must have no threads.
import duckdb, pyarrow.parquet, pyarrow.compute

# What runs of pytest import. A plugin is not among it, because pytest warns of those that it cannot import itself.
FOR_PYTEST = (
    "pytest", "tdmvc.api", "tdmvc.actions.environment", "tdmvc.actions.test_records", "tdmvc.environments.postgres",
    "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "django.test", "django.db.backends.postgresql.base",
    "xml.etree.ElementTree",
)

# What commands may import that the process that forks may keep: nothing of an application or a test.
LASTING = {
    "tdmvc", "adbc_driver_manager", "adbc_driver_postgresql", "filelock", "jsonschema_rs", "packaging", "psycopg",
    "pymysql", "regress", "requests", "ruamel", "sqlite3", "yaml",
}
learned, learning = os.pipe()
os.set_blocking(learned, False)

def learn():
    with contextlib.suppress(BlockingIOError):
        for name in os.read(learned, 1 << 20).decode().split():
            with contextlib.suppress(Exception):
                import_module(name)

def teach(known):
    new = [name for name in list(sys.modules) if name not in known and name.partition(".")[0] in LASTING]
    with contextlib.suppress(BlockingIOError):
        os.write(learning, "".join(f"{name}\\n" for name in new).encode()[:4000].rpartition(b"\\n")[0] + b"\\n")

def prepare(program):
    if program == "dvc":
        import dvc.cli, dvc.commands.repro, dvc.repo, dvc.repo.reproduce
    elif program == "pytest":
        for name in FOR_PYTEST:
            import_module(name)
        for name in sys.modules["_pytest.config"].default_plugins:
            import_module(f"_pytest.{name}")

def run_pytest(order):
    sys.executable = order["python"]
    if not order["is_safe"]:
        sys.path.insert(0, os.getcwd())
    try:
        runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()

def read_order(connection):
    head, files, _, _ = socket.recv_fds(connection, 4, 8)
    with connection.makefile("rb") as file:
        return json.loads(file.read(int.from_bytes(head, "big"))), files

def send(connection, order, files):
    order = json.dumps(order).encode()
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))
    connection.sendmsg([len(order).to_bytes(4, "big")], [rights])
    connection.sendall(order)

class Keeper:
    # A process that keeps an environment, started by a command of the stand-in.
    def __init__(self, words, *, cwd, env, stdin, stdout, stderr, pass_fds, start_new_session):
        order = {"python": "", "is_safe": False, "words": words[2:], "folder": os.fsencode(cwd).hex(), "environ": env}
        with socket.socket(socket.AF_UNIX) as connection, open(os.devnull) as nothing:
            connection.connect(ADDRESS)
            files = [nothing.fileno(), stdout.fileno(), stderr.fileno(), *pass_fds]
            send(connection, order | {"kept": list(pass_fds)}, files)
            self.pid = int.from_bytes(connection.recv(4), "big")

    def terminate(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout):
        end = time.monotonic() + timeout
        while os.path.exists(f"/proc/{self.pid}"):
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("tdmvc keep", timeout)
            time.sleep(0.02)

class Popen(subprocess.Popen):
    def __new__(cls, words, *more, **options):
        is_keeper = list(words[:3]) == [sys.executable, "-m", "tdmvc"] and "keep" in words
        return Keeper(list(words), **options) if is_keeper else super().__new__(cls)

def serve(connection, order, files):
    kept = order.get("kept", [])
    if kept:
        # As whoever starts it may end before it, it is nobody's child.
        if os.fork():
            os._exit(0)
        os.setsid()
        connection.sendall(os.getpid().to_bytes(4, "big"))
        connection.close()
    high = [fcntl.fcntl(file, fcntl.F_DUPFD, 100) for file in files]
    for file in files:
        os.close(file)
    for number, file in zip([0, 1, 2, *kept], high):
        os.dup2(file, number)
        os.close(file)
    os.chdir(bytes.fromhex(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environ"])
    tempfile.tempdir = None
    sys.argv[:] = order["words"]
    try:
        if kept:
            main()
        if sys.argv[0] == "tdmvc":
            subprocess.Popen = Popen
            known = set(sys.modules)
            try:
                main()
            finally:
                teach(known)
        if sys.argv[0] == "pytest":
            run_pytest(order)
        code = import_module("dvc.cli").main(sys.argv[1:])
    except SystemExit as end:
        code = end.code
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if kept:
        os._exit(code or 0)
    connection.sendall(bytes([code or 0]))

listener = socket.socket(socket.AF_UNIX)
ADDRESS = sys.argv[1]
listener.bind(ADDRESS)
listener.listen(16)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    order, files = read_order(connection)
    learn()
    prepare(order["words"][0])
    if os.fork() == 0:
        try:
            listener.close()
            serve(connection, order, files)
        finally:
            os._exit(70)
    for file in files:
        os.close(file)
    connection.close()
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
"""
_CLIENT = """\
#!{python} -IS
import os, sys
words = sys.argv[1:]
is_safe = words[:1] == ["-P"]
if is_safe:
    words = words[1:]
if words[:1] != ["-m"] or words[1] not in ("tdmvc", "dvc", "pytest"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
import _socket, array, json
order = json.dumps(
    {{
        "python": sys.argv[0],
        "is_safe": is_safe,
        "words": words[1:],
        "folder": os.getcwdb().hex(),
        "environ": dict(os.environ),
    }}
).encode()
connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
connection.connect({socket!r})
rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
connection.sendmsg([len(order).to_bytes(4, "big")], [rights])
connection.sendall(order)
code = connection.recv(1)
os._exit(code[0] if code else 70)
"""


@contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Yield the path of the stand-in; beside it is a `tdmvc` for the PATH."""
    socket, python = folder / "s", folder / "python"
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(socket)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        python.write_text(_CLIENT.format(python=sys.executable, socket=str(socket)))
        (folder / "tdmvc").write_text(f'#!/bin/sh\nexec "{python}" -m tdmvc "$@"\n')
        for path in (python, folder / "tdmvc"):
            path.chmod(0o755)
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield python
    finally:
        server.kill()
        server.communicate()


@pytest.fixture(scope="session")
def fast_python() -> Iterator[Path]:
    """A stand-in for the interpreter that has tdmvc, DVC and pytest imported."""
    # Not in pytest's folder, whose path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="tdmvc-") as folder, warm_python(Path(folder)) as python:
        yield python
