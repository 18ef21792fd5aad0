"""`tdmvc merge-check`."""

import click

from tdmvc.actions.merge_check import merge_check
from tdmvc.actions.review import annotation_paths
from tdmvc.cli.commands.drift import parse_fail_on
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.model.merge_report import MergeCheck
from tdmvc.model.migration import MERGE_FAIL_ON
from tdmvc.render.format import RenderOptions
from tdmvc.render.merge.check import FORMATS


@click.command(name="merge-check")
@click.argument("base")
@click.argument("head", default="HEAD")
@click.option(
    "--fail-on",
    metavar="STATUS,…",
    help="Exit with 1 on these statuses of drift, on `problems` of the migrations, or on `none`."
    " [default: all but in-step and ahead]",
)
@formats_option(FORMATS, "For people, for programs, or for CI (docs/formats/merge-check.md).")
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
    statuses = parse_fail_on(fail_on, MERGE_FAIL_ON)
    with opened(context) as workspace:
        check = merge_check(workspace, base, head, fail_on=statuses)
        path_of = annotation_paths(workspace)
        paths = {place: path_of(*place) for place in _places(check)}
    options = RenderOptions(paths=lambda *place: paths[place], fail_on=statuses)
    print_as(context, FORMATS[output_format], check, options)
    return int(not check.is_fine)


def _places(check: MergeCheck) -> set[tuple[str, str | None]]:
    """Return every dataset and table that a remark may be about."""
    places: set[tuple[str, str | None]] = {(drift.dataset, None) for drift in check.drifts}
    for dataset in check.datasets:
        tables = {table.name for table in dataset.tables} | {f.table for f in dataset.findings if f.table}
        places |= {(dataset.name, None), *((dataset.name, table) for table in tables)}
    return places
