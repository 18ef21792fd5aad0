"""Knows what a host of pull or merge requests is to the rest, and how one comment is kept up to date."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from tdmvc.errors import HostUnavailableError, TextTooLongError, UsageError
from tdmvc.model.report import PostAction, Posted

Shorten = Callable[[int], str]
"""Gives the text anew in at most so many characters."""

_MARKER = re.compile(r"<!-- [^\r\n]+ -->")
_MOST_CREATIONS: Final = 3


class Host(Protocol):
    """A place where people review: one pull or merge request of one repository."""

    @property
    def name(self) -> str:
        """`github`, `gitlab`."""

    @property
    def limit(self) -> int:
        """The characters that a comment may have."""

    def post(self, text: str, *, is_changed: bool, shorten: Shorten | None = None) -> Posted:
        """Keep the one comment that begins with the text's first line, its marker, up to date.

        Args:
            text: Markdown; its first line is a hidden marker (`<!-- tdmvc-review -->`).
            is_changed: False where there is nothing to tell: then a comment that is there
                is corrected, and none is made.
            shorten: asked once, where the text is longer than the host takes.

        Raises:
            ReadOnlyTokenError: the token may not write here, as in a run for a fork.
            TextTooLongError: the text is too long, shortened too.
            HostError: the host refuses or cannot be reached.
        """


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as its host keeps it."""

    id: int
    text: str
    author: str
    is_by_program: bool = False
    """True where the host says that no person wrote it."""
    url: str | None = None


class Thread(Protocol):
    """The comments of one pull or merge request."""

    @property
    def limit(self) -> int:
        """The characters that a comment may have."""

    def comments(self) -> Iterable[Comment]:
        """Give all comments, oldest first, page by page."""

    def is_own(self, comment: Comment) -> bool:
        """Tell whether the comment was written with this token, as far as the host says so."""

    def create(self, text: str) -> str | None:
        """Write a comment; return where people read it."""

    def update(self, comment: Comment, text: str) -> str | None:
        """Write a comment anew; return where people read it."""

    def back_off(self, attempt: int) -> None:
        """Wait before trying again."""


def post_to(thread: Thread, text: str, *, is_changed: bool, shorten: Shorten | None) -> Posted:
    """Create, update or leave the comment that the text's marker names (see `Host.post`)."""
    marker = marker_of(text)
    limit = thread.limit
    is_shortened = False
    if len(text) > limit:
        text, is_shortened = _shortened(text, limit, shorten), True
    try:
        return _keep_up(thread, marker, text, is_changed=is_changed, is_shortened=is_shortened)
    except TextTooLongError:
        if is_shortened or shorten is None:
            raise
        # The host counts otherwise than we do: leave it some room.
        text = _shortened(text, limit * 3 // 4, shorten)
        return _keep_up(thread, marker, text, is_changed=is_changed, is_shortened=True)


def marker_of(text: str) -> str:
    """Return the hidden marker by which a comment is found again.

    Raises:
        UsageError: the text does not begin with one.
    """
    first = text.partition("\n")[0].rstrip("\r")
    if not _MARKER.fullmatch(first):
        raise UsageError(
            "The text does not begin with a hidden marker, so its comment could not be found again.",
            remedy="begin it with a line such as <!-- tdmvc-review -->.",
        )
    return first


def _shortened(text: str, limit: int, shorten: Shorten | None) -> str:
    short = shorten(limit) if shorten is not None else text
    if len(short) > limit:
        raise TextTooLongError.over(limit, len(short), "")
    return short


def _keep_up(thread: Thread, marker: str, text: str, *, is_changed: bool, is_shortened: bool) -> Posted:
    for attempt in range(1, _MOST_CREATIONS + 1):
        present = _find(thread, marker)
        if present is not None:
            if _plain(present.text) == _plain(text):
                return Posted(PostAction.UNCHANGED, present.url, is_shortened)
            url = thread.update(present, text)
            return Posted(PostAction.UPDATED, url or present.url, is_shortened)
        if not is_changed:
            return Posted(PostAction.SKIPPED)
        try:
            return Posted(PostAction.CREATED, thread.create(text), is_shortened)
        except HostUnavailableError:
            if attempt == _MOST_CREATIONS:
                raise
            # It may have been written all the same: look again before writing a second one.
            thread.back_off(attempt)
    raise AssertionError("the last try returns or raises")


def _find(thread: Thread, marker: str) -> Comment | None:
    for comment in thread.comments():
        if comment.text.lstrip().partition("\n")[0].rstrip() == marker and thread.is_own(comment):
            return comment
    return None


def _plain(text: str) -> str:
    """Return the text as it is without what hosts do to line ends and edges."""
    return text.replace("\r\n", "\n").strip()
