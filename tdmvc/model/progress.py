"""How long work tells where it stands, without knowing who listens."""

from collections.abc import Callable

Report = Callable[[str, int, int | None, str], None]
"""Called as report(what, done, total, unit); total is None where it is not known."""


def silent(what: str, done: int, total: int | None, unit: str) -> None:
    """Listen to nothing."""
