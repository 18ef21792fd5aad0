"""`tdmvc drift`."""

from collections.abc import Callable, Sequence

import click

from tdmvc.actions.drift import DEFAULT_FAIL_ON, drift, failing, manifest_path
from tdmvc.cli.output import complete_dataset, emit, opened
from tdmvc.errors import UsageError
from tdmvc.model.migration import Drift, DriftStatus
from tdmvc.render.drift.terminal import render_drift
from tdmvc.render.migrations.json import drift_document

FORMATS = ("terminal", "json", "github", "junit", "markdown")


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
    "--fail-on",
    metavar="STATUS,…",
    help="Exit with 1 on these statuses, or on `none`. [default: all but in-step and ahead]",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="terminal",
    show_default=True,
    help="For people, for programs, or for CI (docs/formats/drift.md).",
)
@click.pass_context
def command(
    context: click.Context,
    refs: tuple[str, ...],
    at: str | None,
    release: str | None,
    merge_preview: str | None,
    fail_on: str | None,
    output_format: str,
) -> int:
    """Show which datasets no longer fit the application's schema.

    Compares the migrations that a dataset was made for with those of the work tree, of
    a revision or of a merge. Migrations are read, never run: no application code runs.

    \b
    Examples:
      tdmvc drift
      tdmvc drift golden@1.0.0 --at v2.14.0
      tdmvc drift --merge-preview origin/main
      tdmvc drift --fail-on behind,unknown --format junit > drift.xml
    """
    statuses = parse_fail_on(fail_on)
    with opened(context) as workspace:
        drifts = drift(workspace, refs, at=at, release=release, merge_preview=merge_preview)
        manifests = {one.dataset: manifest_path(workspace, one.dataset) for one in drifts}
    if output_format in ("terminal", "json"):
        emit(
            context,
            output_format,
            lambda: drift_document(drifts),
            lambda color, width: render_drift(drifts, color=color, width=width),
        )
    else:
        click.echo(_rendered(output_format, drifts, statuses, manifests.__getitem__), nl=False)
    return int(bool(failing(drifts, statuses)))


def _rendered(
    name: str, drifts: Sequence[Drift], fail_on: frozenset[DriftStatus], manifest: Callable[[str], str]
) -> str:
    """Return what CI reads; a renderer is imported when it is asked for."""
    match name:
        case "github":
            from tdmvc.render.drift.github import render_drift_github

            return render_drift_github(drifts, fail_on, manifest)
        case "junit":
            from tdmvc.render.drift.junit import render_drift_junit

            return render_drift_junit(drifts, fail_on)
    from tdmvc.render.drift.markdown import render_drift_markdown

    return render_drift_markdown(drifts, fail_on)


def parse_fail_on(text: str | None) -> frozenset[DriftStatus]:
    """Return the statuses that `--fail-on` names."""
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
