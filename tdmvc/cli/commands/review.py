"""`tdmvc review`."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from tdmvc.actions.post import POST_HOSTS, write_report
from tdmvc.actions.review import annotation_paths, review, with_few_samples
from tdmvc.cli.output import formats_option, opened, print_as, terminal_width
from tdmvc.cli.plumbing.post import post_text
from tdmvc.errors import UsageError
from tdmvc.model.finding import Severity
from tdmvc.model.review import Review, Verdict
from tdmvc.render.format import RenderOptions
from tdmvc.render.review import FORMATS

_FAIL_ON = ("error", "warning", "never")


@click.command(name="review")
@click.argument("base", required=False)
@click.option("--head", metavar="REV", help="Review this revision instead of the work tree.")
@formats_option(FORMATS, "For people, for a comment, or for CI (docs/formats/review.md).")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option(
    "--write",
    "files",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write this format to a file; may be repeated.",
)
@click.option("--post", "host", metavar="HOST", help="Keep one comment up to date on github or gitlab.")
@click.option("--link", metavar="URL", help="The address of the HTML page, for the comment to link to.")
@click.option(
    "--fail-on",
    type=click.Choice(_FAIL_ON),
    default="error",
    show_default=True,
    help="Exit with 1 if a finding is at least this severe.",
)
@click.option("--full", is_flag=True, help="On a terminal, show what a long review folds.")
@click.option("--reveal", is_flag=True, help="Show personal values; only on your own terminal.")
@click.pass_context
def command(
    context: click.Context,
    base: str | None,
    head: str | None,
    output_format: str,
    output: Path | None,
    files: tuple[str, ...],
    host: str | None,
    link: str | None,
    fail_on: str,
    *,
    full: bool,
    reveal: bool,
) -> int:
    """Review what a branch changes in the test data.

    Compares the commit where the branch left BASE with the work tree, for every dataset
    that the branch touches, and adds what the checks find: contract, keys, references,
    drift, classification. Without BASE, CI's target branch or the remote's main branch
    is used.

    \b
    Examples:
      tdmvc review                                 # before you push
      tdmvc review main --format html -o review.html
      tdmvc review origin/main --head feature
      tdmvc review --format github --post github --write html=review.html
    """
    wanted = [_format_and_file(words) for words in files]
    if host is not None:
        _check_host(host)
    if reveal:
        _check_reveal(output_format, is_kept=output is not None or bool(wanted) or host is not None)
    sample_rows = max(FORMATS[name].sample_rows for name in (output_format, *(name for name, _ in wanted)))
    with opened(context) as workspace:
        found = review(workspace, base, head=head, sample_rows=sample_rows)
        options = RenderOptions(
            width=terminal_width(),
            reveal=reveal,
            is_whole=full,
            paths=annotation_paths(workspace, head),
            link=link,
        )
        if output is None:
            chosen = FORMATS[output_format]
            print_as(context, chosen, with_few_samples(found, chosen.sample_rows), options)
        else:
            write_report(output, _render(found, output_format, options))
        for name, path in wanted:
            write_report(path, _render(found, name, options))
    if host is not None:
        post_text(
            context,
            host,
            _render(found, "markdown", options),
            is_changed=found.verdict is not Verdict.UNCHANGED,
            shorten=lambda limit: _render(found, "markdown", replace(options, limit=limit)),
        )
    return int(_fails(found, fail_on))


def _render(found: Review, name: str, options: RenderOptions) -> str:
    """Return a review in any format, with the sample rows that the format has room for."""
    chosen = FORMATS[name]
    return chosen.render(with_few_samples(found, chosen.sample_rows), options)


def _format_and_file(words: str) -> tuple[str, Path]:
    name, equals, path = words.partition("=")
    if not equals or not path or name not in FORMATS:
        raise UsageError(
            f"Cannot read --write {words!r}.",
            remedy=f"write FORMAT=FILE; the format is one of {', '.join(FORMATS)}.",
        )
    return name, Path(path)


def _check_host(host: str) -> None:
    if host not in POST_HOSTS:
        raise UsageError(f"There is no host '{host}'.", remedy=f"use one of {', '.join(POST_HOSTS)}.")


def _check_reveal(output_format: str, *, is_kept: bool) -> None:
    """Allow personal values only on the user's own screen."""
    is_screen = FORMATS[output_format].is_for_terminal and not is_kept and sys.stdout.isatty()
    if not is_screen or os.environ.get("CI"):
        raise UsageError(
            "--reveal shows personal values only on your own terminal.",
            remedy="leave it out, or run the command in a terminal, outside CI, without a file, a pipe or a comment.",
        )


def _fails(found: Review, fail_on: str) -> bool:
    if fail_on == "never":
        return False
    return any(finding.severity.rank >= Severity(fail_on).rank for finding in found.findings)
