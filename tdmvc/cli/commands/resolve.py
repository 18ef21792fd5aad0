"""`tdmvc resolve`."""

import click

from tdmvc.actions.resolve import ResolveOptions, resolve
from tdmvc.cli.output import complete_dataset, emit, format_option, opened
from tdmvc.errors import UsageError
from tdmvc.merging.decisions import Decision
from tdmvc.model.merge import Choice, Side
from tdmvc.render.resolve.json import resolve_document
from tdmvc.render.resolve.terminal import render_resolution

_LEFT = 4


@click.command(name="resolve")
@click.argument("dataset", required=False, shell_complete=complete_dataset)
@click.argument("table", required=False)
@click.option("--ours", "sides", flag_value=Side.OURS.value, multiple=True, help="Take our side.")
@click.option("--theirs", "sides", flag_value=Side.THEIRS.value, multiple=True, help="Take their side.")
@click.option("--base", "sides", flag_value=Side.BASE.value, multiple=True, help="Take what was before both.")
@click.option("--value", help="Take this value, for one cell.")
@click.option("--null", "is_null", is_flag=True, help="Take no value, for one cell.")
@click.option("--key", "key", multiple=True, help="Settle this row only: 7, id=7, or order_id=1,line=2.")
@click.option("--column", help="Settle this column only.")
@click.option("--again", "is_again", is_flag=True, help="Bring conflicts back as the merge left them.")
@click.option("--force", is_flag=True, help="Overwrite rows in the working copy that nothing keeps.")
@format_option
@click.pass_context
def command(
    context: click.Context,
    dataset: str | None,
    table: str | None,
    sides: tuple[str, ...],
    value: str | None,
    is_null: bool,
    key: tuple[str, ...],
    column: str | None,
    is_again: bool,
    force: bool,
    output_format: str,
) -> None:
    """Show what a merge has left, and settle it.

    Without a side, shows what is left, and does what was decided in the files
    datasets/NAME/conflicts/TABLE.yaml. With one, settles everything that is named; what
    was decided about a cell stands over its row, a row over its column, that over the table.
    A table of which nothing is left gets its merged rows, and is marked as resolved in Git.
    Ends with 4 while something is left.

    \b
    Examples:
      tdmvc resolve                                          # what is left
      tdmvc resolve golden orders --theirs --key 7           # one row
      tdmvc resolve golden orders --value 12.50 --key 7 --column total
      tdmvc resolve golden orders --ours --column status
      tdmvc resolve golden --theirs                          # the rest
      tdmvc resolve golden orders --again                    # begin anew
    """
    choice = _choice(sides, value, is_null=is_null)
    if (key or column) and choice is None:
        raise UsageError(
            "What is to be taken there?", remedy="add --ours, --theirs, --base, --value or --null."
        )
    decision = Decision(choice, column, key) if choice is not None else None
    with opened(context) as workspace:
        options = ResolveOptions(decision, is_again=is_again, force=force)
        report = resolve(workspace, dataset, table, options)
    emit(
        context,
        output_format,
        lambda: resolve_document(report),
        lambda color, width: render_resolution(report, color=color, width=width),
    )
    context.exit(0 if report.is_settled else _LEFT)


def _choice(sides: tuple[str, ...], value: str | None, *, is_null: bool) -> Choice | None:
    choices = [Choice(Side(side)) for side in dict.fromkeys(sides)]
    choices += [Choice(None, value)] if value is not None else []
    choices += [Choice(None, None)] if is_null else []
    if len(choices) > 1:
        raise UsageError(
            "One conflict can be settled in one way only.",
            remedy="give one of --ours, --theirs, --base, --value and --null.",
        )
    return choices[0] if choices else None
