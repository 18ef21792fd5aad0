"""What all hosts share: requests, errors, and keeping one comment up to date."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tdmvc.errors import HostError, HostUnavailableError, TextTooLongError, UsageError
from tdmvc.hosts.http import Answer, Client
from tdmvc.model.report import PostAction, Posted

Shorten = Callable[[int], str]
"""Returns the text in at most that many characters."""

_MARKER = re.compile(r"<!-- [^\r\n]+ -->")
_MOST_CREATIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a host."""

    id: int
    text: str
    author: str
    is_by_program: bool = False
    """Whether the host marks its author as a program."""
    url: str | None = None


class Host(ABC):
    """A place where people review: one pull or merge request of one repository."""

    title: ClassVar[str]
    """`GitHub`, `GitLab`."""
    limit: ClassVar[int]
    """The maximum length of a comment, in characters."""
    url_variable: ClassVar[str]
    """The variable with the address of the API."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @abstractmethod
    def comments(self) -> Iterable[Comment]:
        """Yield all comments, oldest first, page by page."""

    @abstractmethod
    def is_own(self, comment: Comment) -> bool:
        """Return whether the comment was written with this token, if the host reports it."""

    @abstractmethod
    def create(self, text: str) -> str | None:
        """Create a comment and return its address."""

    @abstractmethod
    def update(self, comment: Comment, text: str) -> str | None:
        """Replace the text of a comment and return its address."""

    @abstractmethod
    def refusal(self, status: int) -> tuple[type[HostError], str, str]:
        """Return the error for a status, what it means, and the remedy."""

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
        marker = _marker_of(text)
        is_shortened = False
        if len(text) > self.limit:
            text, is_shortened = _shortened(text, self.limit, shorten), True
        try:
            return self._keep_up(marker, text, is_changed=is_changed, is_shortened=is_shortened)
        except TextTooLongError:
            if is_shortened or shorten is None:
                raise
            # The host counts characters differently: leave a margin.
            text = _shortened(text, self.limit * 3 // 4, shorten)
            return self._keep_up(marker, text, is_changed=is_changed, is_shortened=True)

    def ask(
        self, method: str, url: str, *, text: str | None = None, params: Mapping[str, str | int] | None = None
    ) -> Answer:
        """Send a request.

        Raises:
            HostError: the host refuses it.
        """
        body = None if text is None else {"body": text}
        answer = self._client.request(method, url, body=body, params=params)
        if answer.status in (200, 201):
            return answer
        if answer.status in (400, 413, 422) and "too long" in json.dumps(answer.body).lower():
            raise TextTooLongError.over(self.limit, len(text or ""), answer.url)
        kind, what, remedy = self.refusal(answer.status)
        raise kind.refused(what, answer.url, status=answer.status, reason=answer.reason, remedy=remedy)

    def list_of(self, answer: Answer) -> list[Any]:
        """Return the list that an answer holds.

        Raises:
            HostError: it holds something else, as a login page does.
        """
        if isinstance(answer.body, list):
            return answer.body
        raise HostError.refused(
            f"The answer does not come from {self.title}'s API",
            answer.url,
            status=answer.status,
            reason=answer.reason,
            remedy=f"check {self.url_variable}, and whether a proxy or a login page intercepts the request.",
        )

    def _keep_up(self, marker: str, text: str, *, is_changed: bool, is_shortened: bool) -> Posted:
        for attempt in range(1, _MOST_CREATIONS + 1):
            present = self._find(marker)
            if present is not None:
                if _plain(present.text) == _plain(text):
                    return Posted(PostAction.UNCHANGED, present.url, is_shortened)
                url = self.update(present, text)
                return Posted(PostAction.UPDATED, url or present.url, is_shortened)
            if not is_changed:
                return Posted(PostAction.SKIPPED)
            try:
                return Posted(PostAction.CREATED, self.create(text), is_shortened)
            except HostUnavailableError:
                if attempt == _MOST_CREATIONS:
                    raise
                # The comment may have been created anyway: look for it before creating a second one.
                self._client.back_off(attempt)
        raise AssertionError("the last try returns or raises")

    def _find(self, marker: str) -> Comment | None:
        for comment in self.comments():
            if comment.text.lstrip().partition("\n")[0].rstrip() == marker and self.is_own(comment):
                return comment
        return None


def _marker_of(text: str) -> str:
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


def _plain(text: str) -> str:
    """Return the text without the changes that hosts make to line ends and outer white space."""
    return text.replace("\r\n", "\n").strip()
