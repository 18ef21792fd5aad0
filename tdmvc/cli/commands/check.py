"""`tdmvc check`."""

import os

import click

from tdmvc.actions.check import check
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.check_formats import CHECK_FORMATS


@click.command(name="check")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@click.option(
    "--rows",
    is_flag=True,
    help="Also check all rows against the contract: keys, nulls, unique values, references.",
)
@click.option(
    "--pushed",
    is_flag=True,
    help="Also check that the remote has everything that HEAD's pointers and versions need.",
)
@click.option(
    "--since",
    metavar="REV",
    help="With --pushed: only what was added since HEAD left this revision; nothing added needs no remote.",
)
@formats_option(CHECK_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    datasets: tuple[str, ...],
    rows: bool,
    pushed: bool,
    since: str | None,
    output_format: str,
) -> int:
    """Check manifests, versions and pointers, and whether they fit the schema.

    Without --rows and --pushed, it reads no rows and uses no network, so it is fast
    enough for a hook. Exits with 1 if something is wrong. As a pre-push hook of
    pre-commit, it checks what the pushed commit needs.

    With --rows, it finds what is wrong in the rows now, whichever change brought it:
    repeated and null keys, nulls in required columns, repeated unique values, texts that
    are too long, conditions that do not hold, broken references. A rule that could not be
    checked is a finding. Missing rows are fetched.

    \b
    Examples:
      tdmvc check
      tdmvc check golden --pushed
      tdmvc check --pushed --since origin/main    # in CI
      tdmvc check --rows --format github          # every night
    """
    if since is not None and not pushed:
        raise click.UsageError("--since goes with --pushed: it says which rows must be on the remote.")
    at = os.environ.get("PRE_COMMIT_TO_REF") or None
    with opened(context) as workspace:
        report = check(workspace, datasets, rows=rows, pushed=pushed, at=at, since=since)
    print_as(context, CHECK_FORMATS[output_format], report)
    return int(report.has_errors)
