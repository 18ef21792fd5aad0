"""`tdmvc resolve`."""

import click

from tdmvc.actions.resolve import ResolveOptions, resolve
from tdmvc.cli.options import named_table, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import LocalWorkError, UsageError
from tdmvc.model.merge import Choice, Decision, Side
from tdmvc.render.merge import RESOLVE_FORMATS


@click.command(name="resolve")
@click.argument("dataset", required=False, shell_complete=complete_dataset)
@click.argument("table", required=False)
@tables_option("The table, like the argument TABLE.", metavar="NAME")
@click.option("--ours", "sides", flag_value=Side.OURS.value, multiple=True, help="Take our side.")
@click.option("--theirs", "sides", flag_value=Side.THEIRS.value, multiple=True, help="Take their side.")
@click.option(
    "--base",
    "sides",
    flag_value=Side.BASE.value,
    multiple=True,
    help="Take the common ancestor's value.",
)
@click.option("--value", help="Take this value; for one cell.")
@click.option("--null", "is_null", is_flag=True, help="Take null; for one cell.")
@click.option(
    "--key",
    "key",
    multiple=True,
    help="Resolve only this row: 7, id=7, or order_id=1,line=2. For a composite key, repeat it for each column.",
)
@click.option("--column", help="Resolve only this column.")
@click.option("--again", "is_again", is_flag=True, help="Restore the conflicts as the merge left them.")
@click.option("--force", is_flag=True, help="Overwrite edits in the working copy that are kept nowhere else.")
@formats_option(RESOLVE_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    dataset: str | None,
    table: str | None,
    tables: tuple[str, ...],
    sides: tuple[str, ...],
    value: str | None,
    is_null: bool,
    key: tuple[str, ...],
    column: str | None,
    is_again: bool,
    force: bool,
    output_format: str,
) -> int:
    """Show the conflicts that a merge left, and resolve them.

    Without a side, shows what is left and applies the decisions in the files
    datasets/NAME/conflicts/TABLE.yaml. With a side, resolves everything that you name.
    A decision about a cell overrides one about its row, which overrides one about its
    column, which overrides one about the table. Once a table has no conflicts left, it
    gets its merged rows and is marked as resolved in Git. Exits with 4 while conflicts
    are left.

    \b
    Examples:
      tdmvc resolve                                          # what is left
      tdmvc resolve golden orders --theirs --key 7           # one row
      tdmvc resolve golden orders --value 12.50 --key 7 --column total
      tdmvc resolve golden orders --ours --column status
      tdmvc resolve golden --theirs                          # all the rest
      tdmvc resolve golden orders --again                    # start over
    """
    table = named_table(table, tables)
    choice = _choice(sides, value, is_null=is_null)
    if (key or column) and choice is None:
        raise UsageError(
            "--key and --column need a decision.", remedy="add --ours, --theirs, --base, --value or --null."
        )
    decision = Decision(choice, column, key) if choice is not None else None
    with opened(context) as workspace:
        options = ResolveOptions(decision, is_again=is_again, force=force)
        report = resolve(workspace, dataset, table, options)
    print_as(context, RESOLVE_FORMATS[output_format], report)
    return 0 if report.is_settled else LocalWorkError.exit_code


def _choice(sides: tuple[str, ...], value: str | None, *, is_null: bool) -> Choice | None:
    choices = [Choice(Side(side)) for side in dict.fromkeys(sides)]
    choices += [Choice(None, value)] if value is not None else []
    choices += [Choice(None, None)] if is_null else []
    if len(choices) > 1:
        raise UsageError(
            "A conflict can be resolved in only one way.",
            remedy="use only one of --ours, --theirs, --base, --value and --null.",
        )
    return choices[0] if choices else None
