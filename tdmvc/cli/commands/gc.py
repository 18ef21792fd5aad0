"""`tdmvc gc`."""

import re
from pathlib import Path

import click

from tdmvc.actions.gc import GRACE_DAYS, GcOptions, gc, gc_templates
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.render.environments import TEMPLATES_FORMATS
from tdmvc.render.reports.gc import GC_FORMATS

_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


class _Days(click.ParamType[float]):
    name = "DAYS"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw]?)", str(value))
        if not match:
            self.fail(f"{value!r} is not a length of time: write 30d, 12h or 2w.", param, context)
        return float(match[1]) * _UNITS[match[2] or "d"]


@click.command(name="gc")
@click.option("--apply", is_flag=True, help="Remove the listed objects; without it, nothing is removed.")
@click.option(
    "-r",
    "--remote",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Use a DVC remote (without NAME, the default one) instead of the cache.",
)
@click.option(
    "--grace",
    type=_Days(),
    default=GRACE_DAYS,
    show_default="14d",
    help="Keep objects that are younger: 30d, 12h, 2w.",
)
@click.option(
    "--also",
    metavar="PATH",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A clone of another repository that uses the same cache or remote; may be repeated.",
)
@click.option("--alone", is_flag=True, help="Assert that no other repository uses this cache or remote.")
@click.option(
    "--accept-unknown", is_flag=True, help="Continue if a pointer cannot be read or its listing is missing."
)
@click.option("--without-origin", is_flag=True, help="Continue if a Git remote does not answer.")
@click.option(
    "--templates",
    is_flag=True,
    help="Instead of objects: the databases that runs keep as templates, of all your repositories.",
)
@formats_option(GC_FORMATS)
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
    templates: bool,
    output_format: str,
) -> int:
    """List objects that nothing needs, and remove them with --apply.

    An object is needed if a branch, tag, stash, reflog, index, work tree or published
    version names it, now or in its history. Only objects that tdmvc made are removed,
    and never from the release remote. If gc cannot be sure, it removes nothing, says
    why, and exits with 1.

    \b
    Examples:
      tdmvc gc
      tdmvc gc --apply --grace 30d
      tdmvc gc --remote --alone
      tdmvc gc --remote storage --also ../other-app --apply
      tdmvc gc --templates --grace 30d --apply
    """
    if templates:
        if remote is not None or also or alone or accept_unknown or without_origin:
            raise UsageError(
                "--templates takes no option about objects.", remedy="leave only --grace and --apply."
            )
        with opened(context) as workspace:
            found = gc_templates(workspace, grace, apply=apply)
        print_as(context, TEMPLATES_FORMATS[output_format], found)
        return 0
    options = GcOptions(remote, apply, grace, also, alone, accept_unknown, without_origin)
    with opened(context) as workspace:
        report = gc(workspace, options)
    print_as(context, GC_FORMATS[output_format], report)
    return int(bool(report.refusals))
