"""`tdmvc drift`."""

import click

from tdmvc.actions.drift import DEFAULT_FAIL_ON, drift, failing
from tdmvc.cli.output import complete_dataset, emit, format_option, opened
from tdmvc.errors import UsageError
from tdmvc.model.migration import DriftStatus
from tdmvc.render.documents import drift_document
from tdmvc.render.migrations_terminal import render_drift


@click.command(name="drift")
@click.argument("refs", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@click.option("--at", metavar="REV", help="The Git revision of the schema, instead of the work tree.")
@click.option("--release", metavar="R", help="What fits this release, against the schema at its commit.")
@click.option(
    "--fail-on",
    metavar="STATUS,…",
    help="Exit with 1 on these. [default: everything but in-step and ahead; `none` never fails]",
)
@format_option
@click.pass_context
def command(
    context: click.Context,
    refs: tuple[str, ...],
    at: str | None,
    release: str | None,
    fail_on: str | None,
    output_format: str,
) -> int:
    """Tell which datasets no longer fit the application's schema.

    Compares the migrations that a dataset was made for with those of the work tree or a
    revision, read statically: no code of the application runs.

    \b
    Examples:
      tdmvc drift
      tdmvc drift golden@1.0.0 --at v2.14.0
      tdmvc drift --fail-on behind,unknown --format json
    """
    statuses = _parse_fail_on(fail_on)
    with opened(context) as workspace:
        drifts = drift(workspace, refs, at=at, release=release)
    emit(
        context,
        output_format,
        lambda: drift_document(drifts),
        lambda color, width: render_drift(drifts, color=color, width=width),
    )
    return int(bool(failing(drifts, statuses)))


def _parse_fail_on(text: str | None) -> frozenset[DriftStatus]:
    if text is None:
        return DEFAULT_FAIL_ON
    words = [word.strip() for word in text.split(",") if word.strip() and word.strip() != "none"]
    known = {status.value for status in DriftStatus}
    for word in words:
        if word not in known:
            raise UsageError(
                f"--fail-on does not know '{word}'.", remedy=f"use: {', '.join(sorted(known))}, none."
            )
    return frozenset(DriftStatus(word) for word in words)
