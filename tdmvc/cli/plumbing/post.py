"""`tdmvc post`: posts a rendered review, for workflows that may comment but must not run a fork's code."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from tdmvc.actions.post import POST_HOSTS, post, write_summary
from tdmvc.cli.messages import error_text, message_line, print_message
from tdmvc.cli.options import settings_of
from tdmvc.errors import NoRequestError, ReadOnlyTokenError, SourceError


@click.command(name="post", hidden=True)
@click.argument("host", type=click.Choice(POST_HOSTS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--only-update", is_flag=True, help="Update an existing comment, but write no new one.")
@click.pass_context
def command(context: click.Context, host: str, file: Path, only_update: bool) -> None:
    """Post a rendered review, FILE, as the one comment of a pull or merge request.

    Works without a repository. The request is the one that CI's variables name, or else
    TDMVC_PULL_REQUEST.

    \b
    Example:
      tdmvc post github review.md
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError.unreadable(
            file, type(error).__name__, remedy="pass a text file in UTF-8."
        ) from error
    post_text(context, host, text, is_changed=not only_update)


def post_text(
    context: click.Context,
    host: str,
    text: str,
    *,
    is_changed: bool,
    shorten: Callable[[int], str] | None = None,
) -> None:
    """Post a text and report the result; in a run that may not write, add it to the job's summary.

    Prints only to standard error, because standard output may hold the review.
    """
    try:
        posted = post(host, text, os.environ, is_changed=is_changed, shorten=shorten)
    except (NoRequestError, ReadOnlyTokenError) as error:
        has_summary = write_summary(text, os.environ)
        place = "It is in the job's summary instead." if has_summary else "It was not posted."
        print_message(f"warning: {error_text(error)}\n{place}")
        return
    if not settings_of(context).is_quiet:
        shortened = ", shortened to what the host accepts" if posted.is_shortened else ""
        where = f": {posted.url}" if posted.url else ""
        print_message(message_line(f"Comment {posted.action}{shortened}{where}"))
