"""A command ends at once, and yet everything that it printed is there."""

import gc
import os
import signal
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from tdmvc.cli.group import cli
from tdmvc.cli.main import run
from tdmvc.errors import TdmvcError

TDMVC = [sys.executable, "-m", "tdmvc"]


def test_output_is_complete_and_the_exit_code_correct() -> None:
    done = subprocess.run([*TDMVC, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.endswith("130  interrupted\n")
    assert subprocess.run([*TDMVC, "nonsense"], capture_output=True).returncode == 2


def test_exit_handlers_run() -> None:
    code = (
        "import atexit\n"
        "atexit.register(lambda: print('handled'))\n"
        "from tdmvc.cli.main import main\n"
        "main(['--version'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "handled"


def test_the_process_waits_for_a_running_thread() -> None:
    code = (
        "import threading\n"
        "def work():\n"
        "    threading.main_thread().join()\n"
        "    print('worked', flush=True)\n"
        "threading.Thread(target=work).start()\n"
        "from tdmvc.cli.main import main\n"
        "main(['--version'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "worked"


def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([*TDMVC, "--help"], stdout=write, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(write)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_reported() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*TDMVC, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 6
    assert "Cannot write" in done.stderr


def test_an_interrupt_while_python_ends_keeps_the_exit_code() -> None:
    code = (
        "import atexit, os, signal\n"
        "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "from tdmvc.cli.main import main\n"
        "main(['--version'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_second_interrupt_ends_like_the_first() -> None:
    code = (
        "import os, signal\n"
        "from tdmvc.cli import main as module\n"
        "interrupt = lambda *words, **more: os.kill(os.getpid(), signal.SIGINT)\n"
        "module.cli.main = module.print_message = interrupt\n"
        "module.main(['status'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_a_command_undo_what_it_began(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    undone = []

    def work(*_: object, **__: object) -> None:
        try:
            os.kill(os.getpid(), number)
        finally:
            undone.append(number)

    monkeypatch.setattr(cli, "main", work)
    # A server that an earlier test started, and that still runs, handles signals, too.
    is_interrupt = number == signal.SIGINT
    before = signal.default_int_handler if is_interrupt else signal.SIG_DFL
    earlier = signal.signal(number, before)
    try:
        assert run([]) == 128 + number
        assert undone == [number]
        assert signal.getsignal(number) is before
    finally:
        signal.signal(number, earlier)


def test_an_error_that_was_reported_keeps_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DuckDB connection that outlives Python's modules makes its library print what it takes for leaks."""
    opened: list[weakref.ref[set[str]]] = []

    def fail(*_: object, **__: object) -> None:
        connection = type("Connection", (set,), {})()
        opened.append(weakref.ref(connection))
        raise TdmvcError("It cannot be done.")

    monkeypatch.setattr(cli, "main", fail)
    gc.disable()
    try:
        assert run([]) == TdmvcError.exit_code
        assert opened[0]() is None
    finally:
        gc.enable()
