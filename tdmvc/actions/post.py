"""`post`: posts Markdown as a comment on a pull or merge request, and writes reports to files."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tdmvc.errors import StoreError
from tdmvc.hosts import HOSTS, Patience, open_host, write_summary
from tdmvc.model.report import Posted
from tdmvc.store.atomic_files import write_atomic

__all__ = ["POST_HOSTS", "post", "write_report", "write_summary"]

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
        NoRequestError: the run belongs to no request.
        TextTooLongError: the text is too long, even when shortened.
        HostError: the host refuses or cannot be reached.
        UsageError: a variable is not set, or this is no run of CI.
    """
    return open_host(host, environ, patience=patience).post(text, is_changed=is_changed, shorten=shorten)


def write_report(path: Path, text: str) -> None:
    """Replace a file, or write to a device or pipe, which cannot be replaced; missing folders are made.

    Raises:
        StoreError: the disk is full or the file cannot be written; an earlier file is as it was.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        target = path.resolve()
        if not target.exists() or target.is_file():
            write_atomic(target, data, mode=target.stat().st_mode & 0o777 if target.exists() else None)
        else:
            target.write_bytes(data)
    except OSError as error:
        raise StoreError.disk(path, error) from error
