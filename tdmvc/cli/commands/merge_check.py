"""`tdmvc merge-check`."""

import click

from tdmvc.actions.merge_check import merge_check
from tdmvc.actions.review import pointer_path
from tdmvc.cli.commands.drift import FORMATS, parse_fail_on
from tdmvc.cli.output import emit, opened
from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.merge.check.wording import Paths
from tdmvc.render.merge.json import merge_check_document


@click.command(name="merge-check")
@click.argument("base")
@click.argument("head", default="HEAD")
@click.option(
    "--fail-on",
    metavar="STATUS,…",
    help="Exit with 1 on these statuses of drift, or on `none`. [default: all but in-step and ahead]",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="terminal",
    show_default=True,
    help="For people, for programs, or for CI (docs/formats/merge-check.md).",
)
@click.pass_context
def command(context: click.Context, base: str, head: str, fail_on: str | None, output_format: str) -> int:
    """Report what a merge of HEAD into BASE would break, without making it.

    Merges in memory: the work tree and the index stay as they are, and `tdmvc install`
    is not needed. Reports conflicts by row and cell; references, keys and contracts
    that the merged rows break although each side keeps them; and drift of the merged
    result, such as when two branches each add a migration. Exits with 1 if the merge
    would need a person. Needs Git 2.38.

    \b
    Examples:
      tdmvc merge-check origin/main
      tdmvc merge-check main feature/locale
      tdmvc merge-check origin/main --format github
    """
    statuses = parse_fail_on(fail_on)
    with opened(context) as workspace:
        check = merge_check(workspace, base, head, fail_on=statuses)
        paths = {
            (dataset, table): pointer_path(workspace, dataset, table) for dataset, table in _places(check)
        }
    if output_format in ("terminal", "json"):
        from tdmvc.render.merge.check.terminal import render_merge_check

        emit(
            context,
            output_format,
            lambda: merge_check_document(check),
            lambda color, width: render_merge_check(check, color=color, width=width),
        )
    else:
        click.echo(_rendered(output_format, check, lambda *place: paths[place]), nl=False)
    return int(not check.is_fine)


def _places(check: MergeCheck) -> set[tuple[str, str | None]]:
    """Return every dataset and table that a remark may be about."""
    places: set[tuple[str, str | None]] = {(drift.dataset, None) for drift in check.drifts}
    for dataset in check.datasets:
        tables = {table.name for table in dataset.tables} | {f.table for f in dataset.findings if f.table}
        places |= {(dataset.name, None), *((dataset.name, table) for table in tables)}
    return places


def _rendered(name: str, check: MergeCheck, paths: Paths) -> str:
    """Return what CI reads; a renderer is imported when it is asked for."""
    match name:
        case "github":
            from tdmvc.render.merge.check.github import render_merge_check_github

            return render_merge_check_github(check, paths)
        case "junit":
            from tdmvc.render.merge.check.junit import render_merge_check_junit

            return render_merge_check_junit(check)
    from tdmvc.render.merge.check.markdown import render_merge_check_markdown

    return render_merge_check_markdown(check)
