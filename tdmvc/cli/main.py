"""The `tdmvc` command: finds the subcommand, and turns errors into messages and exit codes."""

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from tdmvc import __version__
from tdmvc.errors import StoreError, TdmvcError

COMMANDS: dict[str, str] = {
    "init": "Make this Git repository ready for datasets.",
    "add": "Take rows into a dataset, from files, a database, or your edits.",
    "status": "Show what is edited, added, published and pushed.",
    "diff": "Show what is different between two states, row by row.",
    "review": "Review what a branch changes in the test data.",
    "log": "Show which commits changed a dataset, a table or a row.",
    "blame": "Show who last changed each cell of a row.",
    "merge": "Merge a branch: tables by their rows, all else as Git does.",
    "merge-check": "Tell in CI what a merge would break, without making it.",
    "revert": "Take one change of a dataset back, and keep what came later.",
    "publish": "Make the present state of a dataset an immutable version.",
    "list": "List datasets and their published versions.",
    "show": "Describe a state: tables, keys, types, references and ties.",
    "checkout": "Bring a state of a dataset into the working copy, or elsewhere.",
    "sql": "Ask a dataset in SQL, at any version or revision.",
    "push": "Send rows to the remote, and verify that they arrived.",
    "pull": "Bring rows from the remote into the working copy.",
    "verify": "Check every part and every version against what was promised.",
    "gc": "List rows that nothing needs any more, and remove them.",
    "check": "Look whether manifests, contracts, versions and pointers make sense.",
    "drift": "Tell which datasets no longer fit the application's schema.",
    "migrations": "Show which migrations the application stands at.",
    "build": "Make a dataset's tables as the outputs of a stage in dvc.yaml.",
    "resolve": "Show what a merge has left, and settle it.",
    "install": "Make this clone's Git show and merge rows where it has pointers.",
    "demo": "Play the whole story in a temporary repository.",
    "completion": "Print the shell completion script.",
}
"""Every command with its short help, so that `tdmvc --help` imports none of them."""

HIDDEN = frozenset({"git-diff", "git-merge", "git-textconv", "post"})
"""Commands that Git and CI call, and no person."""


class LazyGroup(click.Group):
    """Imports a command when it is called: `tdmvc --help` stays as fast as click itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return None
        room = "plumbing" if cmd_name in HIDDEN else "commands"
        module = importlib.import_module(f"tdmvc.cli.{room}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and args[0] not in HIDDEN and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else " `tdmvc --help` lists the commands."
            raise click.UsageError(f"There is no command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


EXIT_CODES = """\
\b
Exit codes:
  0  done                        4  a merge needs you, or local work would be lost
  1  done, the answer is "no"    6  a part, a disk or a remote
  2  usage or configuration      7  a database
  3  no such thing              70  a bug; 130 interrupted
"""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.option(
    "-C", "directory", type=click.Path(exists=True, file_okay=False), default=".", help="Work in this folder."
)
@click.option("-q", "--quiet", is_flag=True, help="Print results only: no progress, no hints.")
@click.version_option(__version__, message="tdmvc %(version)s")
@click.pass_context
def cli(context: click.Context, directory: str, quiet: bool) -> None:
    """Test data under version control, next to the code it tests.

    \b
    First steps:
      tdmvc init
      tdmvc add golden fixtures/         # CSV, JSON, Parquet, SQLite, DuckDB, Django fixtures
      git add -A && git commit -m "Golden data"
      tdmvc publish golden 1.0.0 --release 2.14.0
      tdmvc checkout --release 2.14.0
    """
    context.obj = {"directory": directory, "quiet": quiet}


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every error ends here."""
    with _noted_interrupts() as interrupts:
        try:
            result = cli.main(arguments, prog_name="tdmvc", standalone_mode=False)
            # A full disk shows here, where it still becomes a message and an exit code.
            sys.stdout.flush()
            return result if isinstance(result, int) else 0
        except BaseException as error:
            # A library that is interrupted may raise an error of its own instead.
            return _end(KeyboardInterrupt() if interrupts else error)


def _end(reason: BaseException) -> int:
    """Say why the command ends, and return its exit code."""
    try:
        raise reason
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted. Nothing is half-written; run the same command again.")
        return 130
    except TdmvcError as error:
        _say_error(error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output had enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _say_error(StoreError.disk(error.filename or ".", error))
        return StoreError.exit_code
    except Exception:
        return _report_bug()


@contextlib.contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """Give a list that is filled when a person presses Ctrl-C, besides what Python does then."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> NoReturn:
        noted.append(number)
        raise KeyboardInterrupt

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        # Somebody else looks after interrupts, or nobody wants them.
        yield noted
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _say_error(error: TdmvcError) -> None:
    first, _, rest = error.message.partition("\n")
    _say(_loud("error: ") + first)
    if rest:
        _say(rest)


def _loud(text: str) -> str:
    """Colour the first word of a complaint; click takes the colour away where no terminal reads it."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg="red", bold=True)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def _report_bug() -> int:
    """Write a log that can be pasted: versions and traceback, and no values."""
    import platform
    import tempfile
    import traceback

    kind, _, frames = sys.exc_info()
    lines = [
        f"tdmvc {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {_version_of(name)}" for name in ("dvc", "pyarrow", "duckdb", "gitpython", "click")),
        f"command: tdmvc {sys.argv[1] if len(sys.argv) > 1 else ''}",
        # The message of an exception may quote rows, so only its type is kept.
        "".join(traceback.format_tb(frames)) + (kind.__name__ if kind else "Exception"),
    ]
    descriptor, path = tempfile.mkstemp(prefix="tdmvc-bug-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    name = kind.__name__ if kind else "Exception"
    _say(
        click.style("bug: ", fg="red", bold=True) + f"tdmvc stopped on something it did not expect ({name})."
    )
    _say(f"Where: {Path(path)}\nFix: please report it with that file; it holds no row values.")
    return 70


def _version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
