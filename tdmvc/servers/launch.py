"""Starts the process of a server, waits until it is ready, and stops it, whatever happens."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tdmvc.servers.accounts import Account
from tdmvc.servers.failures import port_taken, server_start
from tdmvc.servers.processes import clean_environment, last_lines

SERVER_LOG = "server.log"
_POLL_SECONDS = 0.01
_STOP_SECONDS = 5.0
_PORTS_TRIED = 5
_PORT_TAKEN = "Address already in use"


class ServerEndedError(Exception):
    """A server ended, or was not ready in time."""

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.log = log


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run_program(command: list[str], folder: Path, account: Account) -> "subprocess.CompletedProcess[str]":
    """Run a program of a server as its user, to the end.

    Raises:
        OSError: it cannot be run.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        start_new_session=True,
        umask=0o077,
        **account.process_options,
    )


@contextmanager
def launched(
    command: list[str],
    folder: Path,
    account: Account,
    *,
    is_ready: Callable[[], bool],
    seconds: float,
    stop_signal: str = "SIGQUIT",
) -> Iterator[None]:
    """Run a server in the background, as its user, until the end of the block.

    Args:
        is_ready: whether it can be used.
        seconds: how long that may take.
        stop_signal: the name of the signal that makes it stop at once, without writing what will be thrown away.

    Raises:
        ServerEndedError: it ended before it was ready, or was not ready in time.
        OSError: it cannot be run.
    """
    log = folder / SERVER_LOG
    with _ends_on_signals(), ExitStack() as stack:
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=clean_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in the terminal is for the owner only, which stops the server when it is done.
                start_new_session=True,
                umask=0o077,
                **account.process_options,
            )
        stop = partial(_stop, process, os.getpid(), stop_signal)
        # Also if somebody never leaves the block.
        atexit.register(stop)
        stack.callback(atexit.unregister, stop)
        stack.callback(stop)
        end = time.monotonic() + seconds
        while not is_ready():
            if process.poll() is not None:
                raise ServerEndedError(last_lines(log))
            if time.monotonic() > end:
                raise ServerEndedError(f"not ready after {seconds:g} seconds; {last_lines(log)}")
            time.sleep(_POLL_SECONDS)
        yield


def launch_on_port(
    stack: ExitStack,
    launch: Callable[[int], AbstractContextManager[None]],
    *,
    port: int | None,
    engine: str,
    program: Path,
) -> int:
    """Launch a server, let the stack stop it, and return its port.

    Args:
        launch: launches the server on a port, as `launched` does.
        port: the port to use; by default, a free one.
        engine: what people call the server, for messages.

    Raises:
        DatabaseError: it does not start, or another program uses the port.
    """
    for _ in range(_PORTS_TRIED):
        chosen = port or free_port()
        try:
            stack.enter_context(launch(chosen))
            return chosen
        except ServerEndedError as error:
            if _PORT_TAKEN not in error.log:
                raise server_start(engine, program, error.log) from error
            if port:
                raise port_taken(port) from error
    raise port_taken(chosen)


def _stop(process: "subprocess.Popen[bytes]", owner: int, stop_signal: str) -> None:
    """Stop a server at once: what it holds is thrown away, so that it need not write it."""
    if os.getpid() != owner:
        # A process that was forked while the server ran ends before its parent.
        return
    with _without_interrupts():
        if process.poll() is not None:
            return
        process.send_signal(signal.Signals[stop_signal])
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as an error would, unless the program handles them itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
