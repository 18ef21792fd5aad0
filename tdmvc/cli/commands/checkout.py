"""`tdmvc checkout`."""

from pathlib import Path

import click

from tdmvc.actions.checkout import CheckoutOptions, checkout
from tdmvc.cli.output import complete_dataset, emit, format_option, opened
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.render.documents import checkout_document
from tdmvc.render.transfer.terminal import render_checkout


@click.command(name="checkout")
@click.argument("words", nargs=-1, metavar="[REF | DATASET...]", shell_complete=complete_dataset)
@click.option("--release", metavar="R", help="Bring what fits this release of the application.")
@click.option(
    "--into", type=click.Path(path_type=Path), help="A folder, or a .duckdb or .sqlite file, instead."
)
@click.option("--tables", metavar="T,T", help="Only these tables.")
@click.option("--force", is_flag=True, help="Overwrite local edits, or a target that exists.")
@click.option("--strict", is_flag=True, help="With --release: only a version that names it; infer nothing.")
@format_option
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    release: str | None,
    into: Path | None,
    tables: str | None,
    force: bool,
    strict: bool,
    output_format: str,
) -> int:
    """Bring a state of a dataset into the working copy, or elsewhere with --into.

    Fetches only what is missing, moves no Git HEAD, and refuses to overwrite edits that
    nothing else keeps. A release is found by the version that names it, else by the
    migrations at the release's commit. Where some datasets have no version for it, the
    others are brought, and the exit code is 3.

    \b
    Examples:
      tdmvc checkout golden@1.0.0
      tdmvc checkout --release 2.14.0
      tdmvc checkout golden@latest --into fixtures.sqlite --tables orders,customers
      tdmvc checkout golden                 # the rows of the present pointers
    """
    if release is None and len(words) != 1:
        raise UsageError(
            "checkout needs one reference, or --release.",
            remedy="write `tdmvc checkout golden@1.0.0`, or `tdmvc checkout --release 2.14.0`.",
        )
    options = CheckoutOptions(
        release=release,
        datasets=words if release is not None else (),
        into=Path(context.obj["directory"]) / into if into else None,
        tables=tuple(t.strip() for t in tables.split(",") if t.strip()) if tables else (),
        force=force,
        strict=strict,
    )
    with opened(context) as workspace:
        report = checkout(workspace, words[0] if release is None else None, options)
    emit(
        context,
        output_format,
        lambda: checkout_document(report),
        lambda color, width: render_checkout(report, color=color, width=width),
    )
    return NotFoundError.exit_code if report.without_version else 0
