"""Starts and stops MariaDB, with settings for data that may be lost."""

import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tdmvc.servers.accounts import Account, server_account
from tdmvc.servers.base import RunningServer, ServerOptions
from tdmvc.servers.failures import server_start, server_stop
from tdmvc.servers.launch import SERVER_LOG, launch_on_port, launched, run_program
from tdmvc.servers.mariadb_binaries import MariadbBinaries, find_mariadb
from tdmvc.servers.processes import last_lines
from tdmvc.servers.run_folders import starting
from tdmvc.servers.templates import copy_template

_ADMINISTRATOR = "root"
_TEMPLATE = 1
"""Raised when initialised data folders change."""
_ACCOUNTS = "accounts.sql"
_ANSWER_SECONDS = 5.0
_STOP_SECONDS = 120.0
_POLL_SECONDS = 0.01
_SETTINGS = {
    "bind-address": "127.0.0.1",
    "skip-name-resolve": "1",
    "character-set-server": "utf8mb4",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
    "innodb-log-file-size": "64M",
    # Rows must survive the server's end, but not the machine's. Only both together avoid the waits for the disk.
    "loose-debug-no-sync": "1",
    "loose-innodb-flush-method": "nosync",
    "performance-schema": "OFF",
    "default-time-zone": "+00:00",
    # Dumps may hold rows as long as this.
    "max-allowed-packet": "1G",
    "local-infile": "0",
}


@contextmanager
def start_mariadb(
    binaries: MariadbBinaries | None = None, options: ServerOptions | None = None
) -> Iterator[RunningServer]:
    """Start a MariaDB server without databases of its own, and stop and remove it at the end.

    It takes connections on 127.0.0.1 and on a Unix socket, with the administrator's random password.

    Args:
        binaries: by default, those of `find_mariadb()`.

    Raises:
        DatabaseError: there is no MariaDB, no room, the port is taken, or the server does not start.
    """
    options = options or ServerOptions()
    found = binaries or find_mariadb()
    account = server_account()
    with ExitStack() as stack:
        with starting(stack, account, socket="/socket/s") as folder:
            server = _start(stack, found, folder, account, options)
        yield server


def _start(
    stack: ExitStack, binaries: MariadbBinaries, folder: Path, account: Account, options: ServerOptions
) -> RunningServer:
    for name in ("socket", "files", "temporary"):
        (folder / name).mkdir(mode=0o700)
        account.own(folder / name)
    _fill(folder, binaries, account, options)
    password = options.password or secrets.token_urlsafe(24)
    account.write_private(folder / _ACCOUNTS, _accounts_sql(password))

    def launch(port: int) -> AbstractContextManager[None]:
        command = _command(binaries, folder, port, options.settings)
        return launched(
            command,
            folder,
            account,
            is_ready=partial(_answers, port),
            seconds=options.start_seconds,
            stop_signal="SIGKILL",
        )

    try:
        port = launch_on_port(stack, launch, port=options.port, engine="MariaDB", program=binaries.server)
    finally:
        (folder / _ACCOUNTS).unlink()
    return RunningServer(
        "mysql", binaries.version, port, _ADMINISTRATOR, password, folder / "socket" / "s", folder
    )


def stop_mariadb(server: RunningServer) -> Path:
    """Stop a server so that its data folder is whole, and return that folder.

    The folder can fill that of another server, until the block ends that started this one.

    Raises:
        DatabaseError: the server does not stop in time.
    """
    data = server.folder / "data"
    pid_file = data / "pid"
    try:
        os.kill(int(pid_file.read_text(encoding="utf-8")), signal.SIGTERM)
    except (OSError, ValueError) as error:
        raise server_stop("MariaDB", server.folder, last_lines(server.folder / SERVER_LOG)) from error
    end = time.monotonic() + _STOP_SECONDS
    # The server removes this file last.
    while pid_file.exists():
        if time.monotonic() > end:
            raise server_stop("MariaDB", server.folder, last_lines(server.folder / SERVER_LOG))
        time.sleep(_POLL_SECONDS)
    return data


def _fill(folder: Path, binaries: MariadbBinaries, account: Account, options: ServerOptions) -> None:
    data = folder / "data"
    if options.fill is not None:
        options.fill(data)
        account.own_all(data)
        return
    copy_template(
        f"mariadb-{binaries.version}-{binaries.digest}-{_TEMPLATE}",
        data,
        lambda target: _initialise(binaries, target, account, folder),
        account,
    )


def _initialise(binaries: MariadbBinaries, data: Path, account: Account, folder: Path) -> str:
    """Make a data folder, whose accounts are made at each start.

    Raises:
        DatabaseError: mariadb-install-db fails.
    """
    command = [
        str(binaries.installer),
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        "--innodb-log-file-size=4M",
        f"--tmpdir={folder / 'temporary'}",
    ]
    done = run_program(command, folder, account)
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise server_start("MariaDB", binaries.server, " / ".join(lines[:3]))
    return ""


def _command(binaries: MariadbBinaries, folder: Path, port: int, settings: Mapping[str, str]) -> list[str]:
    return [
        str(binaries.server),
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        f"--tmpdir={folder / 'temporary'}",
        f"--socket={folder / 'socket' / 's'}",
        f"--pid-file={folder / 'data' / 'pid'}",
        f"--secure-file-priv={folder / 'files'}",
        f"--init-file={folder / _ACCOUNTS}",
        f"--port={port}",
        *(f"--{name}={value}" for name, value in {**_SETTINGS, **settings}.items()),
    ]


def _accounts_sql(password: str) -> str:
    """Return the statements that leave one administrator, for connections from this machine."""
    statements = [
        # Nobody copies what happens here.
        "SET SESSION sql_log_bin = 0",
        f"DELETE FROM mysql.global_priv WHERE User IN ('', '{_ADMINISTRATOR}', 'mysql')",
        "FLUSH PRIVILEGES",
    ]
    for host in ("localhost", "127.0.0.1"):
        user = f"{_ADMINISTRATOR}@'{host}'"
        statements.append(f"CREATE USER {user} IDENTIFIED BY '{password}'")
        statements.append(f"GRANT ALL PRIVILEGES ON *.* TO {user} WITH GRANT OPTION")
    return "".join(f"{statement};\n" for statement in statements)


def _answers(port: int) -> bool:
    """Whether a server greets on a port, as MariaDB does when it is ready."""
    try:
        with socket.create_connection(("127.0.0.1", port), _ANSWER_SECONDS) as connection:
            return bool(connection.recv(5))
    except OSError:
        return False
