"""`tdmvc verify`."""

import click

from tdmvc.actions.verify import verify
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.model.finding import has_errors
from tdmvc.render.reports.transfer import VERIFY_FORMATS


@click.command(name="verify")
@click.argument("refs", nargs=-1, metavar="[REF]...", shell_complete=complete_dataset)
@click.option(
    "--remote", "check_remote", is_flag=True, help="Also compare every object with what the remote has."
)
@click.option(
    "--deep", is_flag=True, help="Also read every object on the remote, not only its size and checksum."
)
@click.option("-r", "--remote-name", metavar="NAME", help="Use this DVC remote instead of the default one.")
@formats_option(VERIFY_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    refs: tuple[str, ...],
    check_remote: bool,
    deep: bool,
    remote_name: str | None,
    output_format: str,
) -> int:
    """Verify every part of REFs, and every version, against its content hash.

    Reads all rows and compares content hashes, so it finds damage and edits. With
    --remote, the remote must have every object, with the right size and checksum as
    far as it tells them, and the release remote those of published versions. Exits
    with 1 if something is wrong, and with 6 if a remote cannot be reached.

    \b
    Examples:
      tdmvc verify
      tdmvc verify golden@1.0.0 --remote
      tdmvc verify --deep
    """
    with opened(context) as workspace:
        report = verify(
            workspace,
            refs,
            remote=check_remote or deep or remote_name is not None,
            remote_name=remote_name,
            is_deep=deep,
        )
    print_as(context, VERIFY_FORMATS[output_format], report)
    return int(has_errors(report.findings))
