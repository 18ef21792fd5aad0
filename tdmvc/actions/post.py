"""`post`: posts a review's Markdown as a comment on a pull or merge request."""

from collections.abc import Callable, Mapping

from tdmvc.hosts import HOSTS, Patience, open_host, write_summary
from tdmvc.model.report import Posted

__all__ = ["POST_HOSTS", "post", "write_summary"]

POST_HOSTS = tuple(HOSTS)
"""The hosts that can be posted to."""


def post(
    host: str,
    text: str,
    environ: Mapping[str, str],
    *,
    is_changed: bool,
    shorten: Callable[[int], str] | None = None,
    patience: Patience | None = None,
) -> Posted:
    """Keep the one comment of a pull or merge request up to date; its first line is its marker.

    Args:
        environ: the variables that CI sets, which name the request and the token.
        is_changed: False if there is nothing to report: an existing comment is corrected, none is created.
        shorten: returns the text in at most so many characters; called once, if the host refuses the length.

    Raises:
        ReadOnlyTokenError: this run may not write, as for a fork; `write_summary` still may.
        TextTooLongError: the text is too long, even when shortened.
        HostError: the host refuses or cannot be reached.
        UsageError: the run belongs to no request, or a variable is not set.
    """
    return open_host(host, environ, patience=patience).post(text, is_changed=is_changed, shorten=shorten)
