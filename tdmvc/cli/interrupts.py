"""Ctrl-C: recorded while a command works, and ignored while it ends or its pager runs."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


@contextlib.contextmanager
def recorded_interrupts() -> Iterator[list[int]]:
    """Yield a list that gets an entry when the user presses Ctrl-C; KeyboardInterrupt is raised as usual."""
    interrupts: list[int] = []

    def note(number: int, frame: FrameType | None) -> NoReturn:
        interrupts.append(number)
        raise KeyboardInterrupt

    if not _is_main_thread() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # Another handler is installed, or interrupts are ignored.
        yield interrupts
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
