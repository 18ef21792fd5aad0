"""How far work has come, and how long it took."""

from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[[str, int, int | None, str], None]
"""Called as report(what, done, total, unit); `total` is None where it is not known."""


def silent(what: str, done: int, total: int | None, unit: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Timing:
    """A verb, or one step of it, and how long it took."""

    name: str
    """The verb (`diff`), or the verb and the step (`diff: read parts`)."""
    duration_seconds: float
