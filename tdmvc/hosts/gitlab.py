"""GitLab: the variables of a CI pipeline, and the notes of a merge request."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tdmvc.errors import HostError, ReadOnlyTokenError, TextTooLongError, UsageError
from tdmvc.hosts.base import Comment, Host, Shorten, post_to
from tdmvc.hosts.http import Answer, Client, Patience
from tdmvc.hosts.settings import need, pick, request_number
from tdmvc.model.report import Posted

NOTE_LIMIT: Final = 1_000_000
_PAGE = 100
_TOKENS = ("TDMVC_GITLAB_TOKEN", "GITLAB_TOKEN")
_TOKEN_REMEDY = (
    "create a project access token (role Reporter or higher, scope api) and store it in the masked "
    "CI/CD variable TDMVC_GITLAB_TOKEN; a job token may not write notes (docs/ci.md)."
)


class GitLab:
    """One merge request on GitLab."""

    name: Final = "gitlab"
    limit: Final = NOTE_LIMIT

    def __init__(
        self,
        client: Client,
        project: str,
        number: int,
        *,
        request_url: str | None,
        is_job_token: bool,
        is_fork: bool,
    ) -> None:
        """Prepare to post.

        Args:
            request_url: where people read the merge request, for links to notes.
            is_job_token: the token is the job's own, which knows no user.
            is_fork: the pipeline runs in a fork, without the project's variables.
        """
        self._client = client
        self._notes = f"/projects/{project}/merge_requests/{number}/notes"
        self._request_url = request_url
        self._is_job_token = is_job_token
        self._is_fork = is_fork
        self._user: str | None = None

    def post(self, text: str, *, is_changed: bool, shorten: Shorten | None = None) -> Posted:
        """Keep the one note up to date (see `Host.post`)."""
        return post_to(self, text, is_changed=is_changed, shorten=shorten)

    def comments(self) -> Iterator[Comment]:
        """Yield all notes that people or programs wrote, oldest first."""
        page = "1"
        while page:
            answer = self._ask(
                "GET",
                self._notes,
                params={"per_page": _PAGE, "page": page, "sort": "asc", "order_by": "created_at"},
            )
            if not isinstance(answer.body, list):
                raise _not_an_api(answer)
            yield from (self._comment(raw) for raw in answer.body if not pick(raw, "system"))
            following = answer.headers.get("x-next-page", "").strip()
            page = following if following.isdigit() and following != page else ""

    def is_own(self, comment: Comment) -> bool:
        """Compare the author with the token's user.

        A job token has no user, but GitLab lets only its author edit a note.
        """
        if self._is_job_token:
            return True
        if self._user is None:
            self._user = str(pick(self._ask("GET", "/user").body, "username") or "")
        return comment.author == self._user

    def create(self, text: str) -> str | None:
        """Create a note."""
        return self._comment(self._ask("POST", self._notes, text=text).body).url

    def update(self, comment: Comment, text: str) -> str | None:
        """Replace the text of a note."""
        return self._comment(self._ask("PUT", f"{self._notes}/{comment.id}", text=text).body).url

    def back_off(self, attempt: int) -> None:
        self._client.back_off(attempt)

    def _comment(self, raw: object) -> Comment:
        id_ = int(pick(raw, "id") or 0)
        url = f"{self._request_url}#note_{id_}" if self._request_url and id_ else None
        return Comment(id_, str(pick(raw, "body") or ""), str(pick(raw, "author", "username") or ""), url=url)

    def _ask(
        self, method: str, url: str, *, text: str | None = None, params: Mapping[str, str | int] | None = None
    ) -> Answer:
        body = None if text is None else {"body": text}
        answer = self._client.request(method, url, body=body, params=params)
        if answer.status in (200, 201):
            return answer
        raise self._refusal(answer, len(text or ""))

    def _refusal(self, answer: Answer, length: int) -> HostError:
        if answer.status in (400, 413, 422) and "too long" in json.dumps(answer.body).lower():
            return TextTooLongError.over(NOTE_LIMIT, length, answer.url)
        what, remedy = _REFUSALS.get(
            answer.status, ("GitLab refused the request", "see docs/ci.md, Troubleshooting.")
        )
        kind: type[HostError] = HostError
        if answer.status in (401, 403, 404) and self._is_job_token:
            what, remedy = "GitLab does not allow the job's own token to do that", _TOKEN_REMEDY
        if answer.status in (401, 403, 404) and self._is_fork:
            kind = ReadOnlyTokenError
            what = "The pipeline runs in a fork, which has no token for this project"
            remedy = "let a member run a pipeline for the merge request in the project itself (docs/ci.md)."
        return kind.refused(what, answer.url, status=answer.status, reason=answer.reason, remedy=remedy)


_REFUSALS: Final = {
    401: ("GitLab does not know the token", f"check that it has not expired; otherwise {_TOKEN_REMEDY}"),
    403: ("GitLab does not allow the token to do that", _TOKEN_REMEDY),
    404: (
        "GitLab did not find this merge request, or the token may not see it",
        "check that the token belongs to this project and has the scope api.",
    ),
}


def open_gitlab(environ: Mapping[str, str], patience: Patience) -> Host:
    """Find the merge request of this pipeline in the variables that GitLab CI sets.

    Raises:
        UsageError: a variable is not set, or the pipeline does not belong to a merge request.
    """
    url = need(
        environ, "CI_API_V4_URL", "GitLab sets it; elsewhere set it to https://gitlab.example.com/api/v4."
    )
    # In a fork's pipeline the merge request belongs to another project than the job.
    home = environ.get("CI_MERGE_REQUEST_PROJECT_ID") or need(
        environ, "CI_PROJECT_ID", "GitLab sets it; elsewhere set it to the project's number."
    )
    iid = environ.get("CI_MERGE_REQUEST_IID")
    if not iid:
        raise UsageError(
            "This pipeline is for no merge request, so there is nowhere to post.",
            where="CI_MERGE_REQUEST_IID is not set",
            remedy='run the job with `rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]`.',
        )
    given = next((environ[name] for name in _TOKENS if environ.get(name)), None)
    token = ("PRIVATE-TOKEN", given) if given else ("JOB-TOKEN", need(environ, "CI_JOB_TOKEN", _TOKEN_REMEDY))
    certificates = environ.get("CI_SERVER_TLS_CA_FILE", "")
    client = Client(
        url,
        token,
        {"Accept": "application/json", "User-Agent": "tdmvc"},
        patience=patience,
        certificates=certificates if certificates and Path(certificates).is_file() else None,
    )
    project_url = environ.get("CI_MERGE_REQUEST_PROJECT_URL")
    number = request_number(iid, "CI_MERGE_REQUEST_IID")
    return GitLab(
        client,
        str(request_number(home, "CI_PROJECT_ID")),
        number,
        request_url=f"{project_url}/-/merge_requests/{number}" if project_url else None,
        is_job_token=given is None,
        is_fork=environ.get("CI_PROJECT_ID", home) != home,
    )


def _not_an_api(answer: Answer) -> HostError:
    return HostError.refused(
        "The answer does not come from GitLab's API",
        answer.url,
        status=answer.status,
        reason=answer.reason,
        remedy="check CI_API_V4_URL, and whether a proxy or a login page intercepts the request.",
    )
