"""The `tdmvc` command itself: its commands in groups, the options of all commands, and the help."""

import importlib

import click

from tdmvc import __version__
from tdmvc.cli.options import VERBOSITY_OPTIONS, settings_of
from tdmvc.cli.suggestions import suggest_command
from tdmvc.errors import UsageError

GROUPS: dict[str, dict[str, str]] = {
    "Start": {
        "init": "Set up a Git repository for datasets.",
        "demo": "Play a sample shop's story in a temporary repository.",
        "install": "Make this clone's Git show and merge rows.",
        "completion": "Print a shell completion script.",
        "help": "Show the help of tdmvc or of one command.",
    },
    "Work on data": {
        "status": "Show what was edited, added, published and pushed.",
        "add": "Add rows to a dataset, from files or from your edits.",
        "diff": "Show the differences between two states, row by row.",
        "show": "Describe a state: tables, keys, types, references.",
        "sql": "Query a dataset in SQL, at any version or revision.",
        "checkout": "Write a state of a dataset to the working copy or elsewhere.",
        "remove": "Remove tables from a dataset, or a dataset.",
        "build": "Build a dataset's tables as outputs of a stage in dvc.yaml.",
    },
    "Contracts": {
        "contract": "Show, compare and write contracts: what must hold for rows.",
    },
    "Publish and share": {
        "publish": "Publish the current state of a dataset as an immutable version.",
        "yank": "Mark a published version as bad, so that no release chooses it.",
        "list": "List datasets and their published versions.",
        "push": "Send rows to the remote, and verify that they arrived.",
        "pull": "Fetch rows from the remote into the working copy.",
    },
    "Databases": {
        "seed": "Load states of datasets into a database.",
    },
    "Environments": {
        "run": "Run a command with a database that has the right schema and rows.",
        "up": "Start an environment that runs until you stop it.",
        "down": "Stop an environment, and remove what belongs to it.",
        "reset": "Bring an environment's database back to its seeded state.",
        "env": "List environments, and show how to use one that runs.",
    },
    "History": {
        "log": "Show which commits changed a dataset, a table or a row.",
        "blame": "Show who last changed each cell of a row.",
        "revert": "Undo one change of a dataset, and keep later changes.",
    },
    "Merge": {
        "merge": "Merge a branch: tables row by row, other files as Git does.",
        "resolve": "Show the conflicts that a merge left, and resolve them.",
    },
    "CI": {
        "review": "Review what a branch changes in the test data.",
        "merge-check": "Report what a merge would break, without making it.",
        "check": "Check manifests, versions and pointers.",
        "validate": "Validate rows against every rule of their contract.",
        "drift": "Show which datasets no longer fit the application's schema.",
        "migrations": "Show the application's migration state.",
    },
    "Maintenance": {
        "verify": "Verify every part and version against its content hash.",
        "gc": "List objects that nothing needs, and remove them.",
    },
}
"""Every command with its short help, by group, so that `tdmvc --help` imports none of them."""

COMMANDS: dict[str, str] = {name: text for group in GROUPS.values() for name, text in group.items()}
"""Every command with its short help."""

HIDDEN = frozenset({"git-diff", "git-merge", "git-textconv", "keep", "post"})
"""Commands that only Git, CI and tdmvc itself call."""


class CommandGroup(click.Group):
    """Imports a command when it is called, adds -q and -v to it, and suggests one for a mistyped name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return None
        package = "plumbing" if cmd_name in HIDDEN else "commands"
        module = importlib.import_module(f"tdmvc.cli.{package}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        if cmd_name in COMMANDS:
            command.params += [option for option in VERBOSITY_OPTIONS if option not in command.params]
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Git passes names of any bytes, and empty ones; no person can mean either.
        if not HIDDEN & set(args[:1]):
            # What follows two dashes may be another program's.
            own = args[: args.index("--")] if "--" in args else args
            for position, argument in enumerate(own):
                _check_argument(argument, args[position - 1] if position else "")
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and args[0] not in HIDDEN and not args[0].startswith("-"):
            hint = suggest_command(args[0], COMMANDS)
            raise UsageError(f"There is no command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name in COMMANDS)
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])


def _check_argument(argument: str, before: str) -> None:
    """Refuse an argument that is empty, as an unset variable of a shell is, or that is no text."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The argument '{argument}' is not valid UTF-8.",
            remedy="write it in UTF-8; if it is the name of a file, rename the file.",
        ) from None
    name, equals, value = argument.partition("=") if argument.startswith("--") else ("", "=", argument)
    if equals and not value.strip():
        option = name or (before if before.startswith("-") else "")
        if option != "--null":
            raise UsageError(
                f"The value of {option} is empty." if option else "An argument is empty.",
                remedy="give it a value, or leave it out; a variable of your shell may not be set.",
            )


EXIT_CODES = """\
\b
Exit codes:
  0  done                                5  a policy forbids it
  1  done, and the answer is "no"        6  a part, a disk or a remote
  2  usage or configuration              7  a database
  3  not found                          70  a bug in tdmvc
  4  a merge or local edits need you   130  interrupted
"""


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    help="Run as if started in this folder.",
)
@click.option("--no-pager", is_flag=True, help="Print long output without a pager.")
@click.version_option(__version__, message="tdmvc %(version)s")
@click.pass_context
def cli(context: click.Context, directory: str, no_pager: bool) -> None:
    """Test data under version control, next to the code it tests.

    \b
    First steps:
      tdmvc init
      tdmvc add golden fixtures/         # files, a database (postgresql://…) or its dump
      git add -A && git commit -m "Golden data"
      tdmvc publish golden 1.0.0 --release 2.14.0
      tdmvc checkout --release 2.14.0
    """
    settings = settings_of(context)
    settings.directory = directory
    settings.has_pager = not no_pager


cli.params[1:1] = VERBOSITY_OPTIONS
