"""What all commands share: an open workspace, formats, completion, and printing a result."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from tdmvc.actions.show import list_versions
from tdmvc.cli.messages import message_line, print_message
from tdmvc.cli.options import Decorated, settings_of
from tdmvc.cli.pager import print_text
from tdmvc.cli.progress import Progress, columns
from tdmvc.cli.streams import is_utf8
from tdmvc.render.format import Formats, OutputFormat, RenderOptions
from tdmvc.workspace.workspace import Workspace

_Value = TypeVar("_Value")


def formats_option(
    formats: Formats[Any], text: str = "For people, or for programs (docs/formats)."
) -> Callable[[Decorated], Decorated]:
    """Add `--format` with the formats of one subject."""
    names = list(formats)
    return click.option(
        "--format", "output_format", type=click.Choice(names), default=names[0], show_default=True, help=text
    )


@contextmanager
def opened(context: click.Context) -> Iterator[Workspace]:
    """Open the repository, and send progress and warnings to standard error."""
    settings = settings_of(context)
    with Workspace.open(settings.directory) as workspace:
        progress = Progress(settings)
        workspace.warn = lambda message: print_message(f"warning: {message_line(message)}")
        workspace.on_progress = progress.update
        try:
            with workspace.timed(str(context.info_name)):
                yield workspace
        finally:
            progress.close(workspace.timings)


def print_as(
    context: click.Context, chosen: OutputFormat[_Value], value: _Value, options: RenderOptions | None = None
) -> None:
    """Print a value in a format; on a terminal in colour and, if it is long, in a pager."""
    wanted = replace(options or RenderOptions(), color=use_color(), width=terminal_width())
    text = chosen.render(value, wanted)
    if not chosen.is_for_terminal:
        if not is_utf8(sys.stdout):
            text = chosen.escape(text)
        # A file name may hold bytes that are not UTF-8; backslashreplace escapes them as JSON does.
        click.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"), nl=False)
        return
    rendered = text.rstrip("\n")
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
) -> list[CompletionItem]:
    """Complete names of datasets, and of versions after an @."""
    try:
        with Workspace.open(context.find_root().params.get("directory") or ".") as workspace:
            names: Sequence[str] = workspace.datasets()
            if "@" in incomplete:
                dataset = incomplete.split("@")[0]
                summaries = list_versions(workspace, [dataset])
                names = [version.ref for summary in summaries for version in reversed(summary.versions)]
    except Exception:  # a shell that waits for completions has no use for an error
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
