"""Progress callbacks, and the time that a step took."""

from collections.abc import Callable
from dataclasses import dataclass

ProgressCallback = Callable[[str, int, int | None, str], None]
"""Called as on_progress(what, done, total, unit); `total` is None if it is not known."""


def ignore_progress(what: str, done: int, total: int | None, unit: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Timing:
    """A verb, or one step of it, and how long it took."""

    name: str
    """The verb (`diff`), or the verb and the step (`diff: read parts`)."""
    duration_seconds: float
