"""`tdmvc contract diff`."""

import click

from tdmvc.actions.contracts import diff_contract
from tdmvc.cli.contract.subjects import source_of
from tdmvc.cli.options import tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.reference import parse_pair
from tdmvc.render.contract import DIFF_FORMATS


@click.command(name="diff")
@click.argument("old", metavar="OLD", shell_complete=complete_dataset)
@click.argument("new", metavar="[NEW]", required=False, shell_complete=complete_dataset)
@tables_option("Compare only these tables.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if the contracts demand different things.")
@click.option("--breaking", is_flag=True, help="Exit with 1 if a change may break producers or consumers.")
@formats_option(DIFF_FORMATS, "For people, for programs, or for a comment (docs/formats/contract-diff.md).")
@click.pass_context
def command(
    context: click.Context,
    old: str,
    new: str | None,
    tables: tuple[str, ...],
    output_format: str,
    *,
    exit_code: bool,
    breaking: bool,
) -> int:
    """Compare two contracts: each change of a column or rule in words, and whom it may break.

    OLD and NEW are whatever `tdmvc contract show` takes: references, files, `migrations`, databases. A
    single reference is compared with its last commit. A stricter rule may break whoever makes rows, and calls
    for a patch; a weaker one for a minor version; what is removed, renamed or gets another type for a
    major one, as in `tdmvc publish --bump auto`.

    \b
    Examples:
      tdmvc contract diff golden
      tdmvc contract diff golden@1.0.0 golden
      tdmvc contract diff golden@1.0.0..2.0.0 --format markdown
      tdmvc contract diff golden migrations --tables orders
      tdmvc contract diff migrations@v1.4 migrations --breaking
      tdmvc contract diff golden schema.sql --exit-code
    """
    before, after = _sides(old, new)
    with opened(context) as workspace:
        diff = diff_contract(workspace, source_of(context, before), source_of(context, after), tables)
    print_as(context, DIFF_FORMATS[output_format], diff)
    return int((exit_code and bool(diff.changes)) or (breaking and bool(diff.breaks)))


def _sides(old: str, new: str | None) -> tuple[str, str]:
    if new is not None:
        return old, new
    pair = parse_pair(old) if "/" not in old else None
    if pair is not None:
        if pair.from_merge_base:
            raise UsageError(
                "`...` is for rows: a contract is compared with another one.",
                remedy=f"write two dots: `tdmvc contract diff {old.replace('...', '..')}`.",
            )
        return str(pair.old), str(pair.new)
    if "@" in old or "." in old:
        other = old.partition("@")[0] if "@" in old else "DATASET"
        raise UsageError(
            f"There is nothing to compare {old} with.",
            remedy=f"name a second contract: `tdmvc contract diff {old} {other}`.",
        )
    return f"{old}@HEAD", old
