"""The protocol of a host, and how it keeps one comment up to date."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from tdmvc.errors import HostUnavailableError, TextTooLongError, UsageError
from tdmvc.model.report import PostAction, Posted

Shorten = Callable[[int], str]
"""Returns the text in at most that many characters."""

_MARKER = re.compile(r"<!-- [^\r\n]+ -->")
_MOST_CREATIONS: Final = 3


class Host(Protocol):
    """A place where people review: one pull or merge request of one repository."""

    @property
    def name(self) -> str:
        """`github`, `gitlab`."""

    @property
    def limit(self) -> int:
        """The maximum length of a comment, in characters."""

    def post(self, text: str, *, is_changed: bool, shorten: Shorten | None = None) -> Posted:
        """Keep the one comment that begins with the text's first line, its marker, up to date.

        Args:
            text: Markdown; its first line is a hidden marker (`<!-- tdmvc-review -->`).
            is_changed: False if there is nothing to report: then an existing comment is
                updated, but no new one is created.
            shorten: called once, if the text is longer than the host accepts.

        Raises:
            ReadOnlyTokenError: the token may not write here, as in a run for a fork.
            TextTooLongError: the text is too long, even when shortened.
            HostError: the host refuses the request or cannot be reached.
        """


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a host."""

    id: int
    text: str
    author: str
    is_by_program: bool = False
    """Whether the host marks its author as a program."""
    url: str | None = None


class Thread(Protocol):
    """The comments of one pull or merge request."""

    @property
    def limit(self) -> int:
        """The maximum length of a comment, in characters."""

    def comments(self) -> Iterable[Comment]:
        """Yield all comments, oldest first, page by page."""

    def is_own(self, comment: Comment) -> bool:
        """Return whether the comment was written with this token, if the host reports it."""

    def create(self, text: str) -> str | None:
        """Create a comment and return its address."""

    def update(self, comment: Comment, text: str) -> str | None:
        """Replace the text of a comment and return its address."""

    def back_off(self, attempt: int) -> None:
        """Wait before trying again."""


def post_to(thread: Thread, text: str, *, is_changed: bool, shorten: Shorten | None) -> Posted:
    """Create, update or keep the comment that the text's marker names (see `Host.post`)."""
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
        # The host counts characters differently: leave a margin.
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
            "The text does not begin with a hidden marker, so its comment could not be found later.",
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
            # The comment may have been created anyway: look for it before creating a second one.
            thread.back_off(attempt)
    raise AssertionError("the last try returns or raises")


def _find(thread: Thread, marker: str) -> Comment | None:
    for comment in thread.comments():
        if comment.text.lstrip().partition("\n")[0].rstrip() == marker and thread.is_own(comment):
            return comment
    return None


def _plain(text: str) -> str:
    """Return the text without the changes that hosts make to line ends and outer white space."""
    return text.replace("\r\n", "\n").strip()
