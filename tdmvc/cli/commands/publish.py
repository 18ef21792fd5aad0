"""`tdmvc publish`."""

import click

from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.diff import BumpLevel
from tdmvc.render.reports.versions import PUBLISH_FORMATS


@click.command(name="publish")
@click.argument("dataset", shell_complete=complete_dataset)
@click.argument("version", required=False)
@click.option(
    "--bump",
    type=click.Choice(["auto", "major", "minor", "patch"]),
    help="Compute the version: from the changes, or at this level.",
)
@click.option("--release", metavar="R", help="The application's release (2.14.0), or a range (>=2.13,<2.15).")
@click.option("--allow-lower-bump", is_flag=True, help="Accept a lower version than the changes call for.")
@click.option(
    "--allow-unchanged", is_flag=True, help="Publish even if nothing differs from the latest version."
)
@click.option(
    "--allow-invalid",
    is_flag=True,
    help="Publish rows that break the contract; the version records the rules.",
)
@click.option("--tag", is_flag=True, help="Commit the version's files, and tag the commit dataset@vVERSION.")
@click.option(
    "--push", "push_rows", is_flag=True, help="Push the rows to the default remote and to the release remote."
)
@click.option("--notes", metavar="TEXT", help="What people should know about this version.")
@formats_option(PUBLISH_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    version: str | None,
    bump: str | None,
    release: str | None,
    allow_lower_bump: bool,
    allow_unchanged: bool,
    allow_invalid: bool,
    tag: bool,
    push_rows: bool,
    notes: str | None,
    output_format: str,
) -> None:
    """Publish the current state of DATASET as an immutable version.

    Writes versions/VERSION.yaml, which ties rows, contract, migrations, release and
    commit together and holds all that a later checkout needs. Without VERSION, it is
    computed from the changes since the last one: major if tables, columns or rows were
    removed, minor if some were added, patch if only values changed. If nothing changed,
    no version is made. Rows that break a rule of the contract are refused, with exit
    code 1, unless you pass --allow-invalid. Rows that are not in this clone are not checked.

    \b
    Examples:
      tdmvc publish golden 1.0.0 --release 2.14.0
      tdmvc publish golden --bump auto --tag --push
    """
    if version is not None and bump is not None:
        raise UsageError("A version and --bump contradict each other.", remedy="use only one of them.")
    options = PublishOptions(
        bump=None if bump in (None, "auto") else BumpLevel(bump),
        release=release,
        allow_lower_bump=allow_lower_bump,
        allow_unchanged=allow_unchanged,
        allow_invalid=allow_invalid,
        tag=tag,
        push=push_rows,
        notes=notes,
    )
    with opened(context) as workspace:
        report = publish(workspace, dataset, version, options)
    print_as(context, PUBLISH_FORMATS[output_format], report)
