"""`tdmvc review`."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from tdmvc.actions.review import pointer_path, review, with_few_samples
from tdmvc.cli.output import opened, terminal_width, use_color
from tdmvc.errors import StoreError, UsageError
from tdmvc.model.finding import Severity
from tdmvc.model.review import Review, Verdict
from tdmvc.render.review.json import review_document
from tdmvc.render.review.markdown import render_review_markdown
from tdmvc.workspace.workspace import Workspace

FORMATS = ("terminal", "markdown", "html", "json", "github", "junit", "sarif", "codequality")
_FAIL_ON = ("error", "warning", "never")
_FEW_ROWS = 20
_PAGE_ROWS = 5000


@click.command(name="review")
@click.argument("base", required=False)
@click.option("--head", metavar="REV", help="Review this revision instead of the work tree.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="terminal",
    show_default=True,
    help="For people, for a comment, or for CI (docs/formats/review.md).",
)
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
    has_page = output_format == "html" or any(name == "html" for name, _ in wanted)
    with opened(context) as workspace:
        found = review(workspace, base, head=head, sample_rows=_PAGE_ROWS if has_page else _FEW_ROWS)
        render = _Renderer(workspace, found, link=link, reveal=reveal)
        text = render(output_format, is_file=output is not None)
        if output is None:
            if text:
                click.echo(text, nl=not text.endswith("\n"), color=use_color())
        else:
            _write(output, text)
        for name, path in wanted:
            _write(path, render(name, is_file=True))
    if host is not None:
        from tdmvc.cli.plumbing.post import post_text

        post_text(
            context,
            host,
            render("markdown", is_file=True),
            is_changed=found.verdict is not Verdict.UNCHANGED,
            shorten=lambda limit: render.shortened_markdown(limit),
        )
    return int(_fails(found, fail_on))


class _Renderer:
    """One review in any format; a renderer is imported when it is asked for."""

    def __init__(self, workspace: Workspace, found: Review, *, link: str | None, reveal: bool) -> None:
        # What a page has room for is no reason for the other formats to differ.
        self._page = found
        self._review = with_few_samples(found, _FEW_ROWS)
        self._link = link
        self._reveal = reveal
        self._paths: Callable[[str, str | None], str] = lambda dataset, table: pointer_path(
            workspace, dataset, table
        )

    def shortened_markdown(self, limit: int) -> str:
        """Return the comment in at most so many characters."""
        return render_review_markdown(self._review, limit=limit, link=self._link)

    def __call__(self, name: str, *, is_file: bool) -> str:
        match name:
            case "terminal":
                from tdmvc.render.review.terminal import render_review_terminal

                color = use_color() and not is_file
                return render_review_terminal(
                    self._review, color=color, width=terminal_width(), reveal=self._reveal
                )
            case "markdown":
                return render_review_markdown(self._review, link=self._link)
            case "html":
                from tdmvc.render.review.html.review import render_review_html

                return render_review_html(self._page)
            case "json":
                document = review_document(self._review)
                return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            case "github":
                from tdmvc.render.review.github import render_review_github

                return render_review_github(self._review, self._paths)
            case "junit":
                from tdmvc.render.review.junit import render_review_junit

                return render_review_junit(self._review)
            case "sarif":
                from tdmvc.render.review.sarif import render_review_sarif

                return render_review_sarif(self._review, self._paths)
        from tdmvc.render.review.codequality import render_review_codequality

        return render_review_codequality(self._review, self._paths)


def _format_and_file(words: str) -> tuple[str, Path]:
    name, equals, path = words.partition("=")
    if not equals or not path or name not in FORMATS:
        raise UsageError(
            f"--write {words!r} is not understood.",
            remedy=f"write FORMAT=FILE, with one of {', '.join(FORMATS)}.",
        )
    return name, Path(path)


def _check_host(host: str) -> None:
    # Posting needs an HTTP library that nothing else does.
    from tdmvc.actions.post import POST_HOSTS

    if host not in POST_HOSTS:
        raise UsageError(f"There is no host '{host}'.", remedy=f"choose one of {', '.join(POST_HOSTS)}.")


def _check_reveal(output_format: str, *, is_kept: bool) -> None:
    """Personal values go to a person's own screen and nowhere else."""
    is_screen = output_format == "terminal" and not is_kept and sys.stdout.isatty()
    if not is_screen or os.environ.get("CI"):
        raise UsageError(
            "Personal values are shown on your own terminal only.",
            remedy="leave --reveal away, or run it in a terminal, outside CI, without a file, a pipe or a comment.",
        )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError.disk(path, error) from error


def _fails(found: Review, fail_on: str) -> bool:
    if fail_on == "never":
        return False
    order = list(Severity)
    worst = order.index(Severity(fail_on))
    return any(order.index(finding.severity) <= worst for finding in found.findings)
