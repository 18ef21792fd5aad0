"""`tdmvc gc`."""

import re
from pathlib import Path

import click

from tdmvc.actions.gc import GRACE_DAYS, GcOptions, gc
from tdmvc.cli.output import emit, format_option, opened
from tdmvc.render.gc.json import gc_document
from tdmvc.render.gc.terminal import render_gc

_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


class _Days(click.ParamType[float]):
    name = "DAYS"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw]?)", str(value))
        if not match:
            self.fail(f"{value!r} is no length of time: write 30d, 12h or 2w.", param, context)
        return float(match[1]) * _UNITS[match[2] or "d"]


@click.command(name="gc")
@click.option("--apply", is_flag=True, help="Remove what is listed; without it nothing is removed.")
@click.option(
    "-r",
    "--remote",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Look at a DVC remote (the default one without a NAME) instead of the cache.",
)
@click.option(
    "--grace",
    type=_Days(),
    default=GRACE_DAYS,
    show_default="14d",
    help="Keep what is younger: 30d, 12h, 2w.",
)
@click.option(
    "--also",
    metavar="PATH",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A clone of another repository that uses the same cache or remote.",
)
@click.option("--alone", is_flag=True, help="No other repository uses this cache or remote.")
@click.option(
    "--accept-unknown", is_flag=True, help="Go on where a pointer cannot be read or its listing is nowhere."
)
@click.option("--without-origin", is_flag=True, help="Go on where a Git remote does not answer.")
@format_option
@click.pass_context
def command(
    context: click.Context,
    apply: bool,
    remote: str | None,
    grace: float,
    also: tuple[Path, ...],
    alone: bool,
    accept_unknown: bool,
    without_origin: bool,
    output_format: str,
) -> int:
    """List objects that nothing needs; remove them with --apply.

    Needed is whatever any branch, tag, stash, reflog, index, work tree or published
    version names, now or in its history. Only what tdmvc made is ever removed, and
    never from the remote of releases. Exits with 1 where gc refuses, and says why.

    \b
    Examples:
      tdmvc gc
      tdmvc gc --apply --grace 30d
      tdmvc gc --remote --alone
      tdmvc gc --remote storage --also ../other-app --apply
    """
    options = GcOptions(remote, apply, grace, also, alone, accept_unknown, without_origin)
    with opened(context) as workspace:
        report = gc(workspace, options)
    emit(
        context,
        output_format,
        lambda: gc_document(report),
        lambda color, width: render_gc(report, color=color, width=width),
    )
    return int(bool(report.refusals))
