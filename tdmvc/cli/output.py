"""What all commands share: an open workspace, formats, completion, and printing a result."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tdmvc.cli.options import Decorated, settings_of
from tdmvc.cli.pager import print_text
from tdmvc.cli.progress import Progress, columns
from tdmvc.workspace.workspace import Workspace

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


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
    """Open the repository, and send progress and warnings to standard error."""
    settings = settings_of(context)
    with Workspace.open(settings.directory) as workspace:
        progress = Progress(settings)
        workspace.warn = lambda message: click.echo(message, err=True)
        workspace.report = progress.report
        try:
            with workspace.timed(str(context.info_name)):
                yield workspace
        finally:
            progress.close(workspace.timings)


def emit(
    context: click.Context,
    output_format: str,
    document: Callable[[], Any],
    text: Callable[[bool, int], str],
) -> None:
    """Print a result in the format asked for.

    Args:
        document: gives the JSON document.
        text: gives the terminal text, from (color, width).
    """
    if output_format == "json":
        formatted = json.dumps(document(), indent=2, ensure_ascii=False, allow_nan=False)
        # A file name may hold bytes that are not UTF-8; backslashreplace escapes them as JSON does.
        click.echo(formatted.encode("utf-8", "backslashreplace").decode("utf-8"))
        return
    rendered = text(use_color(), terminal_width()).rstrip("\n")
    if settings_of(context).is_quiet:
        rendered = rendered.partition("\n\nNext:\n")[0]
    if rendered:
        print_text(context, rendered, color=use_color())


def use_color() -> bool:
    """Return whether to use colour: standard output is a terminal, and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def terminal_width() -> int:
    return max(60, min(160, columns() or 100))


def complete_dataset(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Complete names of datasets, and of versions after an @."""
    from click.shell_completion import CompletionItem

    try:
        with Workspace.open(context.find_root().params.get("directory") or ".") as workspace:
            names: Sequence[str] = workspace.datasets()
            if "@" in incomplete:
                from tdmvc.actions.show import list_versions

                dataset = incomplete.split("@")[0]
                summaries = list_versions(workspace, [dataset])
                names = [version.ref for summary in summaries for version in reversed(summary.versions)]
    except Exception:  # a shell that waits for completions has no use for an error
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
