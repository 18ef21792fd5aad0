"""GitHub: the variables of an Actions run, the comments of a pull request, and the job summary."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tdmvc.errors import HostError, NoRequestError, ReadOnlyTokenError, UsageError
from tdmvc.hosts.base import Comment, Host
from tdmvc.hosts.http import Answer, Client, Patience
from tdmvc.hosts.settings import need, pick, request_number

COMMENT_LIMIT: Final = 65_536
SUMMARY_LIMIT_BYTES: Final = 1 << 20
_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "tdmvc",
}
_PAGE = 100
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_REF = re.compile(r"refs/pull/([0-9]+)/(?:merge|head)")
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')
_DEPENDABOT = "dependabot[bot]"


class GitHub(Host):
    """One pull request on GitHub."""

    title = "GitHub"
    limit = COMMENT_LIMIT
    url_variable = "GITHUB_API_URL"

    def __init__(self, client: Client, repository: str, number: int, *, is_read_only_run: bool) -> None:
        super().__init__(client)
        self._issues = f"/repos/{repository}/issues"
        self._number = number
        self._is_read_only_run = is_read_only_run
        self._login: str | None = None
        self._is_login_known = False

    def comments(self) -> Iterator[Comment]:
        """Yield all comments, oldest first."""
        answer = self.ask("GET", f"{self._issues}/{self._number}/comments", params={"per_page": _PAGE})
        while True:
            yield from map(_comment, self.list_of(answer))
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return
            answer = self.ask("GET", following[1])

    def is_own(self, comment: Comment) -> bool:
        """Compare the author with the token's login. An Actions token cannot read its login; it writes as a bot."""
        login = self._own_login()
        return comment.author == login if login is not None else comment.is_by_program

    def create(self, text: str) -> str | None:
        """Create a comment."""
        return _url(self.ask("POST", f"{self._issues}/{self._number}/comments", text=text))

    def update(self, comment: Comment, text: str) -> str | None:
        """Replace the text of a comment."""
        return _url(self.ask("PATCH", f"{self._issues}/comments/{comment.id}", text=text))

    def _own_login(self) -> str | None:
        if not self._is_login_known:
            answer = self._client.request("GET", "/user")
            if answer.status == 200 and isinstance(answer.body, dict):
                self._login = str(answer.body.get("login", "")) or None
            self._is_login_known = True
        return self._login

    def refusal(self, status: int) -> tuple[type[HostError], str, str]:
        """Return the error for a status; a read-only token has its own."""
        if status == 403 and self._is_read_only_run:
            return (
                ReadOnlyTokenError,
                "The token may only read: this run is for a fork or for Dependabot",
                "use the two workflows for forks, which comment without running the fork's code (docs/ci.md).",
            )
        return HostError, *_REFUSALS.get(status, _OTHER_REFUSAL)


_OTHER_REFUSAL: Final = ("GitHub refused the request", "see docs/ci.md, Troubleshooting.")
_REFUSALS: Final = {
    401: ("GitHub does not accept the token", "pass a valid one as GITHUB_TOKEN: ${{ github.token }}."),
    403: (
        "GitHub does not allow the token to do that",
        "give the job `permissions: {pull-requests: write}`; for pull requests from forks see docs/ci.md.",
    ),
    404: (
        "GitHub did not find this pull request, or the token may not see it",
        "check GITHUB_REPOSITORY and TDMVC_PULL_REQUEST, and give the job `permissions: {pull-requests: write}`.",
    ),
    410: (
        "The conversation was deleted",
        "check the number of the pull request; nobody can comment on a deleted one.",
    ),
    422: ("GitHub rejected the comment", "see docs/ci.md, Troubleshooting."),
}


def open_github(environ: Mapping[str, str], patience: Patience) -> Host:
    """Find the pull request of this run in the variables that Actions sets.

    Raises:
        NoRequestError: the run is for a branch or a queue, without a pull request.
        UsageError: a variable is not set, or this is no run of Actions.
    """
    token = need(environ, "GITHUB_TOKEN", "pass it to the step: `env: {GITHUB_TOKEN: ${{ github.token }}}`.")
    repository = need(environ, "GITHUB_REPOSITORY", "Actions sets it; elsewhere set it to owner/name.")
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            "GITHUB_REPOSITORY is not owner/name.", remedy="set it to owner/name, for example acme/shop."
        )
    event = _event(environ)
    client = Client(
        environ.get("GITHUB_API_URL") or "https://api.github.com",
        ("Authorization", f"Bearer {token}"),
        _HEADERS,
        patience=patience,
    )
    return GitHub(
        client, repository, _number(environ, event), is_read_only_run=_is_read_only_run(environ, event)
    )


def write_summary(text: str, environ: Mapping[str, str]) -> bool:
    """Append Markdown to the job summary (at most 1 MiB per step); return False outside Actions.

    A longer text is cut at the end of a line, with a note.
    """
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return False
    file = Path(path)
    taken = file.stat().st_size if file.exists() else 0
    data = (text.rstrip("\n") + "\n").encode()
    room = SUMMARY_LIMIT_BYTES - taken
    if len(data) > room:
        data = _cut(data, room)
    try:
        with file.open("ab") as summary:
            summary.write(data)
    except OSError as error:
        raise HostError(
            f"The job summary cannot be written: {error.strerror}.",
            where=path,
            remedy="check GITHUB_STEP_SUMMARY.",
        ) from error
    return True


_CUT = "\n\n… cut here: a job summary holds 1 MiB.\n"


def _cut(data: bytes, room: int) -> bytes:
    """Return the whole lines that fit, close open fences and folds, and add a note."""
    spare = len(_CUT.encode()) + 200
    if room < 2 * spare:
        return b""
    head = data[: room - spare].rpartition(b"\n")[0].decode(errors="ignore")
    fences = [line for line in head.split("\n") if line.startswith("```")]
    closing = "\n" + "`" * (len(fences[-1]) - len(fences[-1].lstrip("`"))) if len(fences) % 2 else ""
    folds = head.count("<details") - head.count("</details>")
    closing += "\n</details>" * min(max(folds, 0), 10)
    return (head + closing + _CUT).encode()


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def _number(environ: Mapping[str, str], event: dict[str, Any]) -> int:
    if environ.get("TDMVC_PULL_REQUEST"):
        return request_number(environ["TDMVC_PULL_REQUEST"], "TDMVC_PULL_REQUEST")
    runs = pick(event, "workflow_run", "pull_requests")
    candidates = [
        pick(event, "pull_request", "number"),
        pick(event, "issue", "number") if pick(event, "issue", "pull_request") else None,
        pick(runs[0], "number") if isinstance(runs, list) and len(runs) == 1 else None,
    ]
    for number in candidates:
        if isinstance(number, int) and number > 0:
            return number
    match = _REF.fullmatch(environ.get("GITHUB_REF", ""))
    if match:
        return int(match[1])
    reference = environ.get("GITHUB_REF", "")
    error = NoRequestError if reference.startswith("refs/") else UsageError
    raise error(
        "This run does not belong to a pull request, so there is nowhere to post.",
        where=f"GITHUB_REF={reference}",
        remedy="post in a workflow `on: pull_request`, or set TDMVC_PULL_REQUEST to the number.",
    )


def _is_read_only_run(environ: Mapping[str, str], event: dict[str, Any]) -> bool:
    """Return whether Actions gives this run a read-only token, whatever the workflow requests."""
    head = pick(event, "pull_request", "head", "repo", "full_name")
    base = pick(event, "pull_request", "base", "repo", "full_name")
    is_fork = base is not None and head != base  # the fork may be deleted: then head is null
    return is_fork or environ.get("GITHUB_ACTOR") == _DEPENDABOT


def _comment(raw: object) -> Comment:
    user = pick(raw, "user")
    return Comment(
        id=int(pick(raw, "id") or 0),
        text=str(pick(raw, "body") or ""),
        author=str(pick(user, "login") or ""),
        is_by_program=pick(user, "type") == "Bot",
        url=pick(raw, "html_url"),
    )


def _url(answer: Answer) -> str | None:
    url = pick(answer.body, "html_url")
    return url if isinstance(url, str) else None
