"""`post`: put a review's Markdown where the people who merge will read it."""

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
        environ: what CI sets; it says which request and holds the token.
        is_changed: False where there is nothing to tell: a comment that is there is corrected, none is made.
        shorten: gives the text anew in at most so many characters; asked once, where the host asks for it.

    Raises:
        ReadOnlyTokenError: this run may not write, as for a fork; `write_summary` still may.
        TextTooLongError: the text is too long, shortened too.
        HostError: the host refuses or cannot be reached.
        UsageError: the run is for no request, or something is not set.
    """
    return open_host(host, environ, patience=patience).post(text, is_changed=is_changed, shorten=shorten)
