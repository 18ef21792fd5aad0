"""Starts and stops PostgreSQL, with settings for data that may be lost."""

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tdmvc.servers.accounts import Account, listed_command, server_account
from tdmvc.servers.base import RunningServer, ServerOptions
from tdmvc.servers.failures import server_start, server_stop
from tdmvc.servers.launch import SERVER_LOG, launch_on_port, launched, run_program
from tdmvc.servers.postgres_binaries import PostgresBinaries, find_postgres
from tdmvc.servers.processes import clean_environment, is_running, last_lines
from tdmvc.servers.run_folders import starting
from tdmvc.servers.templates import copy_template

ADMINISTRATOR = "postgres"
_TEMPLATE = 3
"""Raised when initialised data folders change."""
_ITERATIONS = 4096
_CONNECT_SECONDS = "20"
_DATA = "data"
_LOCK = "postmaster.pid"
_SETTINGS_FILE = "postgresql.auto.conf"
_STOP_SECONDS = 120.0
_LOG_LINES = 100
_POLL_SECONDS = 0.01
_STATUS_LINE = 7
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "max_connections": "100",
    # A container's /dev/shm is small.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # No statement and no row may be in the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}


@contextmanager
def start_postgres(
    binaries: PostgresBinaries | None = None, options: ServerOptions | None = None
) -> Iterator[RunningServer]:
    """Start a PostgreSQL server with an empty database `postgres`, and stop and remove it at the end.

    It takes connections on 127.0.0.1 and on a Unix socket, with the administrator's random password.

    Args:
        binaries: by default, those of `find_postgres()`.

    Raises:
        DatabaseError: there is no PostgreSQL, no room, the port is taken, or the server does not start.
    """
    options = options or ServerOptions()
    found = binaries or find_postgres()
    account = server_account()
    with ExitStack() as stack:
        with starting(stack, account, socket="/socket/.s.PGSQL.65535") as folder:
            server = _start(stack, found.readable_by(account), folder, account, options)
        yield server


def _start(
    stack: ExitStack, binaries: PostgresBinaries, folder: Path, account: Account, options: ServerOptions
) -> RunningServer:
    data, sockets = folder / _DATA, folder / "socket"
    sockets.mkdir(mode=0o700)
    account.own(sockets)
    first_password = _fill(data, binaries, account, options)
    if options.keep is not None:
        stack.callback(options.keep, data)
    (data / _SETTINGS_FILE).write_text(
        _settings_file({"unix_socket_directories": str(sockets), **_SETTINGS, **options.settings}),
        encoding="utf-8",
    )

    def launch(port: int) -> AbstractContextManager[None]:
        command = [str(binaries.program("postgres")), "-D", str(data), "-p", str(port)]
        return launched(
            command, folder, account, is_ready=lambda: _is_ready(data), seconds=options.start_seconds
        )

    port = launch_on_port(stack, launch, port=options.port, engine="PostgreSQL", program=binaries.folder)
    password = secrets.token_urlsafe(24)
    _set_password(binaries, sockets, port, first_password, password)
    return RunningServer("postgresql", binaries.version, port, ADMINISTRATOR, password, sockets, folder)


def settings_file(server: RunningServer) -> Path:
    """Return the file of a server's settings, which ALTER SYSTEM rewrites."""
    return server.folder / _DATA / _SETTINGS_FILE


def log_lines(server: RunningServer) -> list[str]:
    """Return the last lines of a server's log; values of rows are never in it."""
    return last_lines(server.folder / SERVER_LOG, _LOG_LINES).split(" / ")


def has_ended(server: RunningServer) -> bool:
    """Whether a server has ended, although nobody here stopped it."""
    try:
        return not is_running(_read_pid(server.folder / _DATA / _LOCK))
    except (OSError, ValueError):
        return True


def _read_pid(lock: Path) -> int:
    """Return the number of a server's process.

    Raises:
        OSError: there is no file that tells it.
        ValueError: the file has no number.
    """
    return int(lock.read_text(encoding="utf-8").split("\n", 1)[0])


def stop_postgres(server: RunningServer) -> Path:
    """Stop a server so that its data folder is whole, and return that folder.

    The folder can fill that of another server, until the block ends that started this one.

    Raises:
        DatabaseError: the server does not stop in time.
    """
    data = server.folder / _DATA
    lock = data / _LOCK
    try:
        os.kill(_read_pid(lock), signal.SIGINT)
    except (OSError, ValueError) as error:
        raise server_stop("PostgreSQL", server.folder, last_lines(server.folder / SERVER_LOG)) from error
    end = time.monotonic() + _STOP_SECONDS
    # The server removes this file last.
    while lock.exists():
        if time.monotonic() > end:
            raise server_stop("PostgreSQL", server.folder, last_lines(server.folder / SERVER_LOG))
        time.sleep(_POLL_SECONDS)
    return data


def _fill(data: Path, binaries: PostgresBinaries, account: Account, options: ServerOptions) -> str:
    """Fill the data folder, and return the administrator's password in it."""
    if options.fill is not None:
        password = options.fill(data)
        account.own_all(data)
        return password
    return copy_template(
        f"postgres-{binaries.version}-{binaries.digest}-{_TEMPLATE}",
        data,
        lambda target: _initialise(binaries, target, account, data.parent),
        account,
    )


def _initialise(binaries: PostgresBinaries, data: Path, account: Account, folder: Path) -> str:
    """Make a data folder, and return the administrator's password.

    Raises:
        DatabaseError: initdb fails.
    """
    password = secrets.token_urlsafe(24)
    file = folder / "first"
    account.write_private(file, password)
    builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    locales = [builtin] if binaries.major >= 17 else [("--locale=C.UTF-8",), ("--locale=C",)]
    try:
        for number, locale in enumerate(locales, start=1):
            command = [
                str(binaries.program("initdb")),
                f"--pgdata={data}",
                f"--username={ADMINISTRATOR}",
                f"--pwfile={file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--lc-messages=C",
                "--no-sync",
                # Small files of the log, in megabytes: each data folder has at least one of them.
                "--wal-segsize=1",
                *(["--no-instructions"] if binaries.major >= 14 else []),
                *(["--no-data-checksums"] if binaries.major >= 18 else []),
                *locale,
            ]
            done = run_program(listed_command(account, command), folder, account)
            if done.returncode == 0:
                return password
            if number < len(locales):
                # Not every system has the locale C.UTF-8.
                shutil.rmtree(data)
                data.mkdir(mode=0o700)
                account.own(data)
        raise server_start("PostgreSQL", binaries.folder, _reason(done))
    finally:
        file.unlink()


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the first error of a program."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    found = next((line for line in lines if "error" in line.lower() or "FATAL" in line), "")
    return found or (lines[0] if lines else f"exit code {done.returncode}")


def _is_ready(data: Path) -> bool:
    try:
        lines = (data / _LOCK).read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def _settings_file(settings: Mapping[str, str]) -> str:
    return "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())


def _set_password(binaries: PostgresBinaries, sockets: Path, port: int, old: str, new: str) -> None:
    """Give the administrator another password, of which only a verifier is sent.

    Raises:
        DatabaseError: the server refuses.
    """
    psql = [str(binaries.program("psql")), "-X", "-q", "-h", str(sockets), "-p", str(port)]
    done = subprocess.run(
        [*psql, "-U", ADMINISTRATOR, "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input="SET default_transaction_read_only = off;"
        # Without it, a crash of a session would bring the old password back.
        f"SET synchronous_commit = on; ALTER ROLE {ADMINISTRATOR} PASSWORD '{scram_verifier(new)}';",
        env={**clean_environment(sockets.parent), "PGPASSWORD": old, "PGCONNECT_TIMEOUT": _CONNECT_SECONDS},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise server_start("PostgreSQL", binaries.folder, done.stderr.strip())


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL keeps of a password (RFC 5803)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    parts = [
        base64.b64encode(part).decode() for part in (salt, hashlib.sha256(client_key).digest(), server_key)
    ]
    return f"SCRAM-SHA-256${_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"
