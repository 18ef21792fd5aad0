"""Shows long output in a pager, as Git does."""

import os
import re
import shlex
import subprocess
import sys
from contextlib import suppress

import click

from tdmvc.cli.interrupts import ignored_interrupts
from tdmvc.cli.options import Settings, settings_of

PAGED = frozenset(
    {"blame", "diff", "drift", "help", "list", "log", "merge-check", "migrations", "review", "show", "sql"}
)
"""Commands that only read; a command that changes something must never wait for a key."""

_VARIABLES = ("TDMVC_PAGER", "GIT_PAGER", "PAGER")
_DEFAULT = "less"
_ENVIRONMENT = {"LESS": "FRX", "LV": "-c"}
"""Git's defaults: quit if the text fits on one screen, pass colours, do not clear the screen."""
_SHELL_SYNTAX = re.compile(r"[|&;<>()$`\\\"'*?\[#~=%\n]")
_FAILED = frozenset({1, 126, 127})
"""Exit codes of a program that shows nothing: it failed, it cannot be run, or there is none. `less -K` ends with 2."""


def print_text(context: click.Context, text: str, *, color: bool = False) -> None:
    """Print a command's result, through a pager if it is long."""
    command = find_pager(settings_of(context)) if context.info_name in PAGED else None
    if command is None or not page(text + "\n", command):
        # Requested colours are kept in a pipe too, where click would strip them.
        click.echo(text, color=color)


def find_pager(settings: Settings) -> str | None:
    """Return the pager's command line; None if output is printed directly."""
    is_interactive = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if not settings.has_pager or not is_interactive or os.environ.get("CI"):
        return None
    command = next((os.environ[name] for name in _VARIABLES if name in os.environ), _DEFAULT).strip()
    return None if command in ("", "cat") else command


def page(text: str, command: str) -> bool:
    """Show a text in a pager until the user leaves it; return False if the pager does not start or fails.

    Leaving it early is not an error, and the pager handles Ctrl-C.
    """
    sys.stdout.flush()
    needs_shell = bool(_SHELL_SYNTAX.search(command))
    if needs_shell and subprocess.run(["sh", "-n", "-c", command], check=False).returncode:
        return False
    try:
        process = subprocess.Popen(
            command if needs_shell else shlex.split(command),
            shell=needs_shell,
            stdin=subprocess.PIPE,
            env={**_ENVIRONMENT, **os.environ},
        )
    except OSError:
        return False
    with ignored_interrupts():
        with suppress(BrokenPipeError):
            process.communicate(text.encode("utf-8", "backslashreplace"))
        return process.wait() not in _FAILED
