"""Workflow commands, which turn a step's log into annotations on GitHub."""

from collections.abc import Iterable, Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.text import plural
from tdmvc.render.cells import visible

MOST = 10
"""GitHub shows this many annotations of a level for each step, and drops the others."""

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
"""The levels of annotations, worst first."""


def annotation(level: str, title: str, path: str, message: str, *, line: int | None = None) -> str:
    """Return one command; an annotation without a file belongs to the whole run."""
    properties = [
        f"title={_property(visible(title))}",
        *([f"file={_property(_encodable(path))}"] if path else []),
    ]
    if path and line is not None:
        properties.append(f"line={line}")
    return f"::{level} {','.join(properties)}::{_data(message)}"


def log_of(lines: Iterable[tuple[str, str]]) -> str:
    """Return the log of (level, command), the worst level first.

    If a level has more than ten, its last line says how many more there are.
    """
    by_level: dict[str, list[str]] = {level: [] for level in LEVELS.values()}
    for level, line in lines:
        by_level[level].append(line)
    shown = [line for level, found in by_level.items() for line in _at_most(found, level)]
    return "".join(f"{line}\n" for line in shown)


def _at_most(lines: Sequence[str], level: str) -> Sequence[str]:
    if len(lines) <= MOST:
        return lines
    hidden = plural(len(lines) - MOST + 1, f"more {level}")
    return [*lines[: MOST - 1], annotation(level, "tdmvc", "", f"{hidden}: see the summary of this job.")]


def _encodable(path: str) -> str:
    """Return the path without bytes that are not UTF-8, which cannot be printed."""
    return path.encode("utf-8", "replace").decode("utf-8")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
