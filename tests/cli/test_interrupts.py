"""Signals that come while a command undoes what it began."""

import os
import signal
from collections.abc import Iterator

import pytest

from tdmvc.cli.interrupts import recorded_interrupts


def undo_after(first: signal.Signals, second: signal.Signals, done: list[str]) -> None:
    with recorded_interrupts():
        try:
            os.kill(os.getpid(), first)
        finally:
            os.kill(os.getpid(), second)
            done.append("undone")


@pytest.fixture(autouse=True)
def default_handlers() -> Iterator[None]:
    """Let signals do what they do in a new process, whatever servers other tests have started in this one."""
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in found:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in found.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_being_undone_goes_on_if_another_signal_comes(
    first: signal.Signals, second: signal.Signals
) -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        undo_after(first, second, done)
    assert done == ["undone"]


def test_a_second_ctrl_c_ends_it() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        undo_after(signal.SIGTERM, signal.SIGINT, done)
    assert done == []
