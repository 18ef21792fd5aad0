"""Ctrl-C, SIGTERM and SIGHUP: recorded while a command works; Ctrl-C is ignored while it ends or its pager runs."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_HANDLED = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    # Windows has no SIGHUP.
    **({signal.SIGHUP: signal.SIG_DFL} if hasattr(signal, "SIGHUP") else {}),
}
"""The signals that end a command, and what happens to them if nobody else handles them."""


@contextlib.contextmanager
def recorded_interrupts() -> Iterator[list[int]]:
    """Yield a list that gets the number of a signal that ends the command; each raises KeyboardInterrupt.

    So whatever was begun is undone, also in a database that does not undo all by itself. What is being undone goes on
    if another SIGTERM or SIGHUP comes, as from a CI system that tells a job to end, and then each process; Ctrl-C
    ends it.
    """
    interrupts: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        is_first = not interrupts
        interrupts.append(number)
        if is_first or number == signal.SIGINT:
            raise KeyboardInterrupt

    # One that has another handler, or is ignored, is left alone.
    taken = {
        number: earlier
        for number, earlier in _HANDLED.items()
        if _is_main_thread() and signal.getsignal(number) is earlier
    }
    for number in taken:
        signal.signal(number, note)
    try:
        yield interrupts
    finally:
        for number, earlier in taken.items():
            signal.signal(number, earlier)


@contextlib.contextmanager
def ignored_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C in the block."""
    if not _is_main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)


def ignore_interrupts() -> None:
    """Ignore Ctrl-C until the process ends."""
    if _is_main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
