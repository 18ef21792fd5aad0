"""Errors of hosts of pull requests."""

from typing import Self

from tdmvc.errors.base import TdmvcError


class HostError(TdmvcError):
    """GitHub or GitLab cannot be reached, or refuses a request."""

    exit_code = 6

    @classmethod
    def unreachable(cls, url: str, why: str) -> Self:
        return cls(
            f"The host does not answer: {why}.",
            where=url,
            remedy="try again later; if it is your own server, check the address, the certificate and the proxy.",
        )

    @classmethod
    def refused(cls, what: str, url: str, *, status: int, reason: str, remedy: str) -> Self:
        """Build the message for a refusal; `reason` is the text of the host's answer."""
        return cls(f"{what} (HTTP {status}{': ' + reason if reason else ''}).", where=url, remedy=remedy)

    @classmethod
    def rate_limited(cls, url: str, wait_seconds: float) -> "HostError":
        return cls(
            f"The rate limit of the host is reached: it accepts no requests for {wait_seconds:.0f} seconds.",
            where=url,
            remedy="run the job again later, or share the token among fewer jobs.",
        )

    @classmethod
    def elsewhere(cls, url: str, host: str) -> "HostError":
        return cls(
            f"The host redirects to another host ({host}), which must not get the token.",
            where=url,
            remedy="set the address of the API itself; nothing was sent to the other host.",
        )


class HostUnavailableError(HostError):
    """The host failed during a request, which it may or may not have carried out."""


class ReadOnlyTokenError(HostError):
    """The token is read-only, as in runs for forks; the run cannot change that."""


class NoRequestError(HostError):
    """The run of CI belongs to no pull or merge request, so there is nowhere to post."""


class TextTooLongError(HostError):
    """The text is longer than the host accepts."""

    @classmethod
    def over(cls, limit: int, length: int, url: str) -> "TextTooLongError":
        return cls(
            f"The text has {length:,} characters; the host accepts at most {limit:,}.",
            where=url,
            remedy="upload the whole text as an artifact of the run, and post a shorter one.",
        )
