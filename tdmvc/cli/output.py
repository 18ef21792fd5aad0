"""What all commands share: an open workspace, formats, progress, and the way to the terminal."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tdmvc.render.terminal import number
from tdmvc.workspace.workspace import Workspace

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_PATIENCE_SECONDS = 1.0
_BLINK_SECONDS = 0.1


def format_option(function: Decorated) -> Decorated:
    """Add `--format terminal|json`."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["terminal", "json"]),
        default="terminal",
        show_default=True,
        help="For people, or for programs (docs/formats).",
    )(function)


@contextmanager
def opened(context: click.Context) -> Iterator[Workspace]:
    """Open the repository, with progress and warnings going to this terminal."""
    options = context.obj
    with Workspace.open(options["directory"]) as workspace:
        workspace.warn = lambda message: click.echo(message, err=True)
        with _progress(quiet=options["quiet"]) as report:
            workspace.report = report
            with workspace.timed(str(context.info_name)):
                yield workspace


def emit(
    context: click.Context,
    output_format: str,
    document: Callable[[], Any],
    text: Callable[[bool, int], str],
) -> None:
    """Print one answer in the format asked for.

    Args:
        document: gives the JSON document.
        text: gives the terminal text, from (color, width).
    """
    if output_format == "json":
        spelled = json.dumps(document(), indent=2, ensure_ascii=False, allow_nan=False)
        # A file name may hold bytes that are no UTF-8; backslashreplace spells them as JSON does.
        click.echo(spelled.encode("utf-8", "backslashreplace").decode("utf-8"))
        return
    rendered = text(use_color(), terminal_width()).rstrip("\n")
    if context.obj["quiet"]:
        rendered = rendered.partition("\n\nNext:\n")[0]
    if rendered:
        # Colour that was asked for goes into a pipe too, where click would take it away.
        click.echo(rendered, color=use_color())


def use_color() -> bool:
    """Whether the terminal may be coloured: it is one, and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def terminal_width() -> int:
    return max(60, min(160, _columns() or 100))


def _columns() -> int:
    """Return the width that COLUMNS says, or the terminal has; 0 where neither is known.

    As `shutil.get_terminal_size`, whose module brings three compressors.
    """
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (OSError, ValueError):
        return 0


def complete_dataset(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Complete names of datasets; and of versions, behind an @."""
    from click.shell_completion import CompletionItem

    try:
        with Workspace.open(context.find_root().params.get("directory") or ".") as workspace:
            names: Sequence[str] = workspace.datasets()
            if "@" in incomplete:
                from tdmvc.actions.show import list_versions

                dataset = incomplete.split("@")[0]
                summaries = list_versions(workspace, [dataset])
                names = [version.ref for summary in summaries for version in reversed(summary.versions)]
    except Exception:  # a shell that waits for completions is told nothing
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int | None, str], None]]:
    """One line on standard error, only on a terminal, only for what takes over a second."""
    line = _ProgressLine(is_shown=sys.stderr.isatty() and not quiet)
    try:
        yield line.report
    finally:
        line.clear()


class _ProgressLine:
    def __init__(self, *, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._started = self._last = time.monotonic()
        self._width = 0

    def report(self, what: str, done: int, total: int | None, unit: str) -> None:
        now = time.monotonic()
        if not self._is_shown or now - self._started < _PATIENCE_SECONDS or now - self._last < _BLINK_SECONDS:
            return
        self._last = now
        count = f"{number(done)} of {number(total)}" if total is not None else number(done)
        text = f"{what}: {count} {unit}"[: (_columns() or 80) - 1]
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def clear(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0
