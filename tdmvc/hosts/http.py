"""Sends requests to a REST API with a token: retries, rate limits, redirects. Only this file uses `requests`.

`requests` is imported when something is posted: it costs a tenth of a second.
"""

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from tdmvc.errors import HostError, HostUnavailableError

if TYPE_CHECKING:
    import requests

MOST_TRIES: Final = 3
MOST_WAIT_SECONDS: Final = 60.0
"""How long all requests of one client may wait together."""
TIMEOUT_SECONDS: Final = (10.0, 30.0)
"""To connect, and between two bytes of the answer."""
_FIRST_BACKOFF_SECONDS = 1.0
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 307, 308})
_LONGEST_REASON = 200
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_LEFT = ("x-ratelimit-remaining", "ratelimit-remaining")


@dataclass(frozen=True, slots=True)
class Patience:
    """The clock of a client; tests replace it."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered."""

    status: int
    headers: Mapping[str, str]
    """Names are case-insensitive."""
    body: Any
    """The JSON value; None if the answer is not JSON."""
    url: str

    @property
    def reason(self) -> str:
        """The host's error message on one line, shortened; empty if the answer is not JSON."""
        if not isinstance(self.body, dict):
            return ""
        words = self.body.get("message", self.body.get("error", ""))
        text = words if isinstance(words, str) else json.dumps(words, ensure_ascii=False)
        shown = "".join(char if char.isprintable() else " " for char in text)
        return shown if len(shown) <= _LONGEST_REASON else shown[:_LONGEST_REASON] + "…"


class Client:
    """Sends requests to one host. The token is sent only to the scheme, host and port of the base URL."""

    def __init__(
        self,
        base_url: str,
        token: tuple[str, str],
        headers: Mapping[str, str],
        *,
        patience: Patience,
        certificates: str | None = None,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            token: the header that carries the token, and its value.
            headers: sent with each request.
            certificates: a file of trusted certificates; None trusts the default ones.
        """
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._headers = dict(headers)
        self._patience = patience
        self._certificates = certificates
        self._waited = 0.0
        self._session: requests.Session | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        body: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """Send a request, again if the host is overloaded; return any answer that is not a redirect.

        Args:
            url: a path below the base URL, or a full one on the same host.

        Raises:
            HostUnavailableError: the host failed or did not answer. A POST is not repeated,
                because it may have been carried out.
            HostError: the rate limit lasts longer than the client waits, or the host redirects to another one.
        """
        target = url if "://" in url else self.base_url + url
        for attempt in range(1, MOST_TRIES + 1):
            is_last = attempt == MOST_TRIES
            try:
                answer = self._follow(method, target, body, params)
            except HostUnavailableError:
                if is_last or method == "POST":
                    raise
                self.back_off(attempt)
                continue
            limit_wait = self._limit_wait(answer)
            if limit_wait is not None:
                if is_last or self._waited + limit_wait > MOST_WAIT_SECONDS:
                    raise HostError.rate_limited(target, limit_wait)
                self._wait(limit_wait)
            elif answer.status < 500:
                return answer
            elif is_last or method == "POST":
                raise HostUnavailableError.unreachable(target, f"it failed with HTTP {answer.status}")
            else:
                self.back_off(attempt)
        raise AssertionError("the last try returns or raises")

    def back_off(self, attempt: int) -> None:
        """Wait before the next try: 1, 2, 4 seconds, up to the maximum."""
        self._wait(min(_FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), MOST_WAIT_SECONDS - self._waited))

    def _wait(self, seconds: float) -> None:
        self._waited += max(seconds, 0.0)
        self._patience.sleep(max(seconds, 0.0))

    def _limit_wait(self, answer: Answer) -> float | None:
        """Return how long a rate limit lasts, or None if the answer does not report one."""
        headers = answer.headers
        is_spent = any(headers.get(name) == "0" for name in _LEFT)
        is_limit = answer.status == 429 or (
            answer.status == 403 and ("retry-after" in headers or is_spent or "rate limit" in answer.reason)
        )
        if not is_limit:
            return None
        with contextlib.suppress(ValueError):
            if "retry-after" in headers:
                return max(0.0, float(headers["retry-after"]))
        for name in _RESETS:
            with contextlib.suppress(ValueError):
                if name in headers:
                    # One second more: the host's clock may be slightly behind.
                    return max(0.0, float(headers[name]) - self._patience.now()) + 1.0
        return MOST_WAIT_SECONDS / 2

    def _follow(
        self, method: str, url: str, body: Mapping[str, str] | None, params: Mapping[str, str | int] | None
    ) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            if not self._is_own(url):
                raise HostError.elsewhere(self.base_url, urlsplit(url).hostname or "?")
            answer = self._send(method, url, body, params)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url, params = urljoin(url, answer.headers["location"]), None
        raise HostError.unreachable(self.base_url, "it redirects endlessly")

    def _is_own(self, url: str) -> bool:
        return _origin(url) == _origin(self.base_url)

    def _send(
        self, method: str, url: str, body: Mapping[str, str] | None, params: Mapping[str, str | int] | None
    ) -> Answer:
        import requests  # slow to import, and only posting needs it

        if self._session is None:
            self._session = requests.Session()
        try:
            response = self._session.request(
                method,
                url,
                json=body,
                params=params,
                headers=self._headers,
                auth=self._authorise,
                allow_redirects=False,
                timeout=TIMEOUT_SECONDS,
                verify=self._certificates or True,
            )
        except requests.RequestException as error:
            # Its text may quote the request, so only its kind is reported.
            raise HostUnavailableError.unreachable(url, _why(error)) from None
        try:
            value = response.json()
        except ValueError:
            value = None
        return Answer(response.status_code, response.headers, value, url)

    def _authorise(self, request: "requests.PreparedRequest") -> "requests.PreparedRequest":
        # As `auth`, so that a .netrc file does not replace the token with other credentials.
        name, value = self._token
        request.headers[name] = value
        return request


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname or "", port or {"https": 443, "http": 80}.get(parts.scheme)


def _why(error: "requests.RequestException") -> str:
    import requests

    match error:
        case requests.exceptions.SSLError():
            return "its certificate is not trusted"
        case requests.Timeout():
            return f"it did not answer for {TIMEOUT_SECONDS[1]:.0f} seconds"
        case requests.exceptions.ProxyError():
            return "the proxy refused the connection"
        case requests.ConnectionError():
            return "no connection"
        case _:
            return f"the request failed ({type(error).__name__})"
