"""What the commands about environments share: options, live steps, and the name of an environment."""

import os
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from tdmvc.actions.env import list_environments
from tdmvc.actions.environment import EnvironmentOptions
from tdmvc.cli.messages import message_line
from tdmvc.cli.options import Decorated, Settings
from tdmvc.model.environment import RunStep
from tdmvc.render.environments.wording import step_line
from tdmvc.render.terminal import Style
from tdmvc.workspace.workspace import Workspace


def with_option(function: Decorated) -> Decorated:
    """Add `--with REF`, which may be repeated."""
    option = click.option(
        "--with",
        "more",
        multiple=True,
        metavar="REF",
        help="Load this state, too, such as a masked subset; one of a dataset that is loaded anyway replaces that one.",
    )
    return option(function)


def rebuild_option(function: Decorated) -> Decorated:
    """Add `--rebuild`."""
    option = click.option(
        "--rebuild", is_flag=True, help="Migrate and seed again, even if there is a template."
    )
    return option(function)


def no_validate_option(function: Decorated) -> Decorated:
    """Add `--no-validate`."""
    option = click.option(
        "--no-validate",
        is_flag=True,
        help="Load rows even if they break rules of their contract (see `validate`).",
    )
    return option(function)


def complete_environment(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete names of environments, and of those that run."""
    try:
        with Workspace.open(context.find_root().params.get("directory") or ".") as workspace:
            listed = list_environments(workspace)
    except Exception:  # a shell that waits for completions has no use for an error
        return []
    running = [kept.name for one in listed.environments for kept in one.running]
    names = dict.fromkeys([*(one.name for one in listed.environments), *running])
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def folder_of(settings: Settings) -> Path:
    """Return the folder in which the command was given."""
    return Path(settings.directory)


class LiveSteps:
    """Shows steps on standard error, each in one line; on a terminal also the one that runs."""

    def __init__(self, settings: Settings) -> None:
        self._is_shown = not settings.is_quiet
        self._is_live = self._is_shown and sys.stderr.isatty()
        self._is_verbose = settings.is_verbose
        self._style = Style(self._is_live and not os.environ.get("NO_COLOR"))
        self._pending = ""

    def on_step(self, name: str, step: RunStep | None) -> None:
        """Show that a step begins or has ended."""
        if not self._is_shown:
            return
        self._clear()
        if step is not None:
            self._write(step_line(step, self._style) + "\n")
        elif self._is_live and name != "command":
            self._pending = f"  {name} …"
            self._write(self._pending)

    def on_output(self, line: str) -> None:
        """Show a line that a program printed, with -v."""
        if self._is_verbose:
            self._clear()
            self._write(f"    {message_line(line)}\n")

    def provide(self, more: tuple[str, ...], *, rebuild: bool, validates: bool) -> EnvironmentOptions:
        """Return the options of a command, with this as the listener."""
        return EnvironmentOptions(
            more=more,
            rebuild=rebuild,
            validates=validates,
            on_step=self.on_step,
            on_output=self.on_output,
        )

    def _clear(self) -> None:
        if self._pending:
            self._write("\r" + " " * len(self._pending) + "\r")
            self._pending = ""

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            # Nobody reads it any more; what runs must go on.
            self._is_shown = False
