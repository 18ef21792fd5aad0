"""`tdmvc contract infer`."""

import sys

import click

from tdmvc.actions.contract_infer import InferOptions, apply_inferred, infer_contract
from tdmvc.cli.options import tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.inference import MINIMUM_ROWS
from tdmvc.render.contract import INFER_FORMATS


@click.command(name="infer")
@click.argument("ref", metavar="DATASET", shell_complete=complete_dataset)
@tables_option("Propose rules only for these tables.")
@click.option(
    "--min-rows",
    "minimum_rows",
    type=int,
    default=MINIMUM_ROWS,
    show_default=True,
    help="How many rows must support a rule.",
)
@click.option("--apply", is_flag=True, help="Write the proposed rules into contract.yaml.")
@click.option(
    "--rule",
    "rules",
    metavar="ID",
    multiple=True,
    help="With --apply: write only this rule. Can be repeated.",
)
@formats_option(
    INFER_FORMATS, "For people, for programs, or for a document (docs/formats/contract-infer.md)."
)
@click.pass_context
def command(
    context: click.Context,
    ref: str,
    tables: tuple[str, ...],
    minimum_rows: int,
    rules: tuple[str, ...],
    output_format: str,
    *,
    apply: bool,
) -> None:
    """Propose rules that all rows of a dataset keep, each with its evidence.

    Looks for required columns, columns that are unique alone or together, keys, references, ranges,
    lengths, lists of values, patterns, formats, and columns that are never before another. What may
    hold by chance is not proposed, and nothing depends on today's date. Values of columns that are
    personal or secret are only counted. Nothing is written before you confirm, with --apply or at the prompt
    of a terminal. Read the proposals first: what holds for these rows need not be meant.

    \b
    Examples:
      tdmvc contract infer golden
      tdmvc contract infer golden --table orders --min-rows 10
      tdmvc contract infer golden --apply --rule orders.quantity.range
      tdmvc contract infer golden@1.0.0 --format json
    """
    if rules and not apply:
        raise UsageError("--rule chooses what --apply writes.", remedy="add --apply.")
    shown = INFER_FORMATS[output_format]
    with opened(context) as workspace:
        report = infer_contract(workspace, ref, InferOptions(tables, minimum_rows))
        if apply:
            report = apply_inferred(workspace, report, rules or None)
        elif shown.is_for_terminal and report.applicable and "@" not in report.ref and _is_interactive():
            print_as(context, shown, report)
            if not click.confirm("Write them into the contract?", err=True):
                return
            report = apply_inferred(workspace, report)
    print_as(context, shown, report)


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
