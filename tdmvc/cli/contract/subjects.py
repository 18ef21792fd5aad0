"""What the commands of contracts take as an argument: a reference, a file, migrations or a database."""

import click

from tdmvc.actions.contracts import READABLE
from tdmvc.cli.options import Decorated, settings_of
from tdmvc.model.contract_report import ContractSource


def from_option(function: Decorated) -> Decorated:
    """Add `--from`: how a contract is read whose content does not tell."""
    return click.option(
        "--from",
        "file_format",
        type=click.Choice(READABLE),
        metavar="FORMAT",
        help="The format of the file, or the tool of the migrations; by default, what their content says.",
    )(function)


def source_of(context: click.Context, text: str, file_format: str | None = None) -> ContractSource:
    """Return what an argument names as a contract.

    Raises:
        UsageError: it is a URL that cannot be read.
    """
    return ContractSource(text, settings_of(context).location(text), file_format)
