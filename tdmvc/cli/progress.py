"""Prints progress on standard error: one line, or with -v each step."""

import os
import sys
import time
from collections.abc import Sequence

from tdmvc.cli.options import Settings
from tdmvc.model.progress import Timing
from tdmvc.model.text import number

_PATIENCE_SECONDS = 1.0
_REDRAW_SECONDS = 0.1


class Progress:
    """Shows the running step on a terminal, after a second; with -v also each finished step."""

    def __init__(self, settings: Settings) -> None:
        self._is_live = sys.stderr.isatty() and not settings.is_quiet
        self._is_verbose = settings.is_verbose
        self._started = self._drawn = time.monotonic()
        self._step = ""
        self._text = ""
        self._width = 0

    def update(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Record how far a step is; called often, so it must be cheap."""
        if not (self._is_verbose or self._is_live):
            return
        if what != self._step:
            self._end_step()
            self._step = what
        count = f"{number(done)} of {number(total)}" if total is not None else number(done)
        self._text = f"{what}: {count} {unit}"
        now = time.monotonic()
        if (
            self._is_live
            and now - self._started >= _PATIENCE_SECONDS
            and now - self._drawn >= _REDRAW_SECONDS
        ):
            self._drawn = now
            self._draw(self._text)

    def close(self, timings: Sequence[Timing] = ()) -> None:
        """Remove the progress line; with -v print the last step, and how long everything took."""
        self._end_step()
        self._clear()
        if self._is_verbose:
            for timing in timings:
                sys.stderr.write(f"{timing.duration_seconds:8.3f} s  {timing.name}\n")

    def _end_step(self) -> None:
        if self._step and self._is_verbose:
            self._clear()
            sys.stderr.write(f"{self._text}\n")
        self._step = ""

    def _draw(self, text: str) -> None:
        shown = text[: (columns() or 80) - 1]
        sys.stderr.write("\r" + shown.ljust(self._width))
        sys.stderr.flush()
        self._width = len(shown)

    def _clear(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def columns() -> int:
    """Return the width from COLUMNS or the terminal; 0 if both are unknown."""
    text = os.environ.get("COLUMNS", "")
    if text.isdecimal() and int(text):
        return int(text)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (OSError, ValueError):
        return 0
