"""Messages on standard error: one line for each part, with no password and nothing invisible."""

import contextlib
import os

import click

from tdmvc.errors import TdmvcError
from tdmvc.model.masking import without_passwords
from tdmvc.render.cells import visible


def error_text(error: TdmvcError) -> str:
    """Return an error's message, each of its parts in one line."""
    return "\n".join(message_line(line) for line in error.lines)


def message_line(text: str) -> str:
    """Return a text that may quote a repository or an argument as one line that is safe to print."""
    return visible(without_passwords(text))


def print_message(text: str, *, label: str = "") -> None:
    """Print lines to standard error, after a red label."""
    mark = f"{label}: " if label else ""
    if label and not os.environ.get("NO_COLOR"):
        mark = click.style(mark, fg="red", bold=True)
    # click strips colour where standard error is not a terminal.
    with contextlib.suppress(OSError):
        click.echo(mark + text, err=True)
