"""`tdmvc run`."""

import os
import sys
from pathlib import Path

import click

from tdmvc.actions.post import write_report, write_summary
from tdmvc.actions.run import RunOptions, run
from tdmvc.cli.environment_options import (
    LiveSteps,
    folder_of,
    no_validate_option,
    rebuild_option,
    with_option,
)
from tdmvc.cli.messages import error_text, print_message
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.errors import TdmvcError
from tdmvc.model.environment_report import RunReport
from tdmvc.render.environments import RUN_FORMATS, kept_text
from tdmvc.render.format import RenderOptions


@click.command(name="run", context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED)
@click.option(
    "-e", "--env", "environment", metavar="NAME", help="The environment; by default, the one for this folder."
)
@with_option
@click.option(
    "--keep",
    is_flag=True,
    help="Keep the environment running after the command; print how to use and stop it.",
)
@rebuild_option
@no_validate_option
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the steps as JUnit XML."
)
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the steps as Markdown; in GitHub Actions, the job's summary gets them without this option.",
)
@formats_option(
    RUN_FORMATS,
    "With another format than terminal, what COMMAND prints goes to standard error (docs/formats/run.md).",
)
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    environment: str | None,
    more: tuple[str, ...],
    junit: Path | None,
    summary: Path | None,
    output_format: str,
    *,
    keep: bool,
    rebuild: bool,
    no_validate: bool,
) -> int:
    """Run a command with a database that has the right schema and rows.

    Provides the environment that tdmvc.yaml describes: checks out the datasets, starts the
    database and the services, migrates, loads the rows, sets variables such as
    DATABASE_URL, runs COMMAND, and removes everything, however COMMAND ends. The migrated
    and seeded database is kept as a template, so that the next run starts at once.

    Refuses rows that break a rule of their contract which no database enforces, such as a
    range or an invariant, with exit code 1; the same rows are validated only once.

    Exits with COMMAND's own exit code. Ctrl-C interrupts COMMAND; the second one kills it.
    What COMMAND left in the background is stopped, too; start a program that is to outlive
    it without the variable TDMVC_RUN: `env -u TDMVC_RUN PROGRAM`.

    \b
    Examples:
      tdmvc run -- pytest
      tdmvc run --env ci --junit tdmvc.xml -- npm test
      tdmvc run --with masked-eu -- python manage.py runserver
      tdmvc run --keep -- pytest -x
    """
    settings = settings_of(context)
    live = LiveSteps(settings)
    is_terminal = RUN_FORMATS[output_format].is_for_terminal

    unwritten: list[TdmvcError] = []

    def on_report(report: RunReport) -> None:
        plain = RenderOptions()
        markdown = RUN_FORMATS["markdown"].render(report, plain)
        try:
            if junit is not None:
                write_report(junit, RUN_FORMATS["junit"].render(report, plain))
            if summary is not None:
                write_report(summary, markdown)
            else:
                write_summary(markdown, os.environ)
        except TdmvcError as error:
            # What the command said counts more.
            print_message(error_text(error), label="error")
            unwritten.append(error)

    with opened(context) as workspace:
        options = RunOptions(
            environment,
            folder_of(settings),
            live.provide(more, rebuild=rebuild, validates=not no_validate),
            is_kept=keep,
            stdout=None if is_terminal else sys.stderr.fileno(),
        )
        report = run(workspace, words, options, on_report)
    if not is_terminal:
        print_as(context, RUN_FORMATS[output_format], report)
    elif report.kept is not None:
        print_message(kept_text(report.kept, RenderOptions()).rstrip("\n"))
    return report.exit_code or (unwritten[0].exit_code if unwritten else 0)
