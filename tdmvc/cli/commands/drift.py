"""`tdmvc drift`."""

import click

from tdmvc.actions.drift import DatabaseDriftOptions, drift, drift_database, manifest_path
from tdmvc.cli.options import PATH_OR_URL, settings_of
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.migration import (
    DATABASE_FAIL_ON,
    DEFAULT_FAIL_ON,
    PROBLEMS,
    DriftReport,
    DriftStatus,
)
from tdmvc.render.drift import FORMATS
from tdmvc.render.format import RenderOptions


@click.command(name="drift")
@click.argument("refs", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@click.option("--at", metavar="REV", help="Take the schema from this Git revision instead of the work tree.")
@click.option("--release", metavar="R", help="Compare what fits this release with the schema at its commit.")
@click.option(
    "--merge-preview",
    metavar="BASE",
    help="Compare as if HEAD were merged into BASE, without merging. Needs Git 2.38.",
)
@click.option(
    "--database",
    metavar="URL",
    type=PATH_OR_URL,
    help="Compare this database with the migrations, and with the datasets and their contracts.",
)
@click.option(
    "--location",
    "locations",
    metavar="NAME",
    multiple=True,
    help="With --database: compare only this location of migrations. Can be repeated.",
)
@click.option(
    "--fail-on",
    metavar="STATUS,…",
    help="Exit with 1 on these statuses, on `problems` of the migrations, or on `none`; with --database, also on"
    " `failed` migrations and on a `schema` that does not fit. [default: all but in-step, ahead and problems]",
)
@formats_option(FORMATS, "For people, for programs, or for CI (docs/formats/drift.md).")
@click.pass_context
def command(
    context: click.Context,
    refs: tuple[str, ...],
    at: str | None,
    release: str | None,
    merge_preview: str | None,
    database: str | None,
    locations: tuple[str, ...],
    fail_on: str | None,
    output_format: str,
) -> int:
    """Show which datasets no longer fit the application's schema.

    Compares the migrations that a dataset was made for with those of the work tree, of
    a revision or of a merge. Migrations are read, never run: no application code runs.
    With --database, also compares a live database with both: its migrations, and its tables
    with the contracts. It is only read.

    \b
    Examples:
      tdmvc drift
      tdmvc drift golden@1.0.0 --at v2.14.0
      tdmvc drift --merge-preview origin/main
      tdmvc drift --database postgresql://app@localhost/shop golden
      tdmvc drift --fail-on behind,unknown --format junit > drift.xml
    """
    statuses = parse_fail_on(fail_on, DEFAULT_FAIL_ON if database is None else DATABASE_FAIL_ON)
    with opened(context) as workspace:
        if database is None:
            if locations:
                raise UsageError("--location needs --database.", remedy="name the database to compare.")
            drifts = drift(workspace, refs, at=at, release=release, merge_preview=merge_preview)
            report = DriftReport(tuple(drifts))
        else:
            if merge_preview is not None:
                raise UsageError(
                    "--merge-preview and --database do not go together.",
                    remedy="compare the database with a revision: --at or --release.",
                )
            compared = DatabaseDriftOptions(at, release, locations)
            report = drift_database(workspace, settings_of(context).location(database), refs, compared)
        manifests = {name: manifest_path(workspace, name) for name in report.datasets}
    options = RenderOptions(paths=lambda dataset, _: manifests.get(dataset, ""), fail_on=statuses)
    print_as(context, FORMATS[output_format], report, options)
    return int(report.fails_on(statuses))


def parse_fail_on(text: str | None, default: frozenset[str] = DEFAULT_FAIL_ON) -> frozenset[str]:
    """Return the statuses that `--fail-on` names, and PROBLEMS; words that are in the default may be named, too."""
    if text is None:
        return default
    words = [word.strip() for word in text.split(",") if word.strip() and word.strip() != "none"]
    known = {PROBLEMS, *default, *(status.value for status in DriftStatus)}
    for word in words:
        if word not in known:
            raise UsageError(
                f"--fail-on: there is no status '{word}'.",
                remedy=f"use one of {', '.join(sorted(known))}, or none.",
            )
    return frozenset(words)
