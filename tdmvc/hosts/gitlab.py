"""GitLab: the variables of a CI pipeline, and the notes of a merge request."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tdmvc.errors import HostError, NoRequestError, ReadOnlyTokenError, UsageError
from tdmvc.hosts.base import Comment, Host
from tdmvc.hosts.http import Client, Patience
from tdmvc.hosts.settings import need, pick, request_number

NOTE_LIMIT: Final = 1_000_000
_PAGE = 100
_TOKENS = ("TDMVC_GITLAB_TOKEN", "GITLAB_TOKEN")
_TOKEN_REMEDY = (
    "create a project access token (role Reporter or higher, scope api) and store it in the masked "
    "CI/CD variable TDMVC_GITLAB_TOKEN; a job token may not write notes (docs/ci.md)."
)


class GitLab(Host):
    """One merge request on GitLab."""

    title = "GitLab"
    limit = NOTE_LIMIT
    url_variable = "CI_API_V4_URL"

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
        """Prepare to post; nothing is sent yet.

        Args:
            request_url: where people read the merge request, for links to notes.
            is_job_token: the token is the job's own, which has no user.
            is_fork: the pipeline runs in a fork, without the project's variables.
        """
        super().__init__(client)
        self._notes = f"/projects/{project}/merge_requests/{number}/notes"
        self._request_url = request_url
        self._is_job_token = is_job_token
        self._is_fork = is_fork
        self._user: str | None = None

    def comments(self) -> Iterator[Comment]:
        """Yield all notes that people or programs wrote, oldest first."""
        page = "1"
        while page:
            answer = self.ask(
                "GET",
                self._notes,
                params={"per_page": _PAGE, "page": page, "sort": "asc", "order_by": "created_at"},
            )
            yield from (self._comment(raw) for raw in self.list_of(answer) if not pick(raw, "system"))
            following = answer.headers.get("x-next-page", "").strip()
            page = following if following.isdigit() and following != page else ""

    def is_own(self, comment: Comment) -> bool:
        """Compare the author with the token's user.

        A job token has no user, but GitLab lets only its author edit a note.
        """
        if self._is_job_token:
            return True
        if self._user is None:
            self._user = str(pick(self.ask("GET", "/user").body, "username") or "")
        return comment.author == self._user

    def create(self, text: str) -> str | None:
        """Create a note."""
        return self._comment(self.ask("POST", self._notes, text=text).body).url

    def update(self, comment: Comment, text: str) -> str | None:
        """Replace the text of a note."""
        return self._comment(self.ask("PUT", f"{self._notes}/{comment.id}", text=text).body).url

    def _comment(self, raw: object) -> Comment:
        id_ = int(pick(raw, "id") or 0)
        url = f"{self._request_url}#note_{id_}" if self._request_url and id_ else None
        return Comment(id_, str(pick(raw, "body") or ""), str(pick(raw, "author", "username") or ""), url=url)

    def refusal(self, status: int) -> tuple[type[HostError], str, str]:
        """Return the error for a status; forks and job tokens have their own."""
        if status in (401, 403, 404) and self._is_fork:
            return (
                ReadOnlyTokenError,
                "The pipeline runs in a fork, which has no token for this project",
                "let a member run a pipeline for the merge request in the project itself (docs/ci.md).",
            )
        if status in (401, 403, 404) and self._is_job_token:
            return HostError, "GitLab does not allow the job's own token to do that", _TOKEN_REMEDY
        return HostError, *_REFUSALS.get(status, _OTHER_REFUSAL)


_OTHER_REFUSAL: Final = ("GitLab refused the request", "see docs/ci.md, Troubleshooting.")
_REFUSALS: Final = {
    401: ("GitLab does not accept the token", f"check that it has not expired; otherwise {_TOKEN_REMEDY}"),
    403: ("GitLab does not allow the token to do that", _TOKEN_REMEDY),
    404: (
        "GitLab did not find this merge request, or the token may not see it",
        "check that the token belongs to this project and has the scope api.",
    ),
}


def open_gitlab(environ: Mapping[str, str], patience: Patience) -> Host:
    """Find the merge request of this pipeline in the variables that GitLab CI sets.

    Raises:
        NoRequestError: the pipeline is for a branch without an open merge request in its project.
        UsageError: a variable is not set, or this is no pipeline.
    """
    url = need(
        environ, "CI_API_V4_URL", "GitLab sets it; elsewhere set it to https://gitlab.example.com/api/v4."
    )
    # In a fork's pipeline the merge request belongs to another project than the job.
    home = environ.get("CI_MERGE_REQUEST_PROJECT_ID") or need(
        environ, "CI_PROJECT_ID", "GitLab sets it; elsewhere set it to the project's number."
    )
    number = request_number(_request_of(environ), "CI_MERGE_REQUEST_IID")
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
    project_url = environ.get("CI_MERGE_REQUEST_PROJECT_URL") or environ.get("CI_PROJECT_URL")
    return GitLab(
        client,
        str(request_number(home, "CI_PROJECT_ID")),
        number,
        request_url=f"{project_url}/-/merge_requests/{number}" if project_url else None,
        is_job_token=given is None,
        is_fork=environ.get("CI_PROJECT_ID", home) != home,
    )


def _request_of(environ: Mapping[str, str]) -> str:
    """Return the number of the merge request of a pipeline, or of the first one that is open for its branch.

    A branch pipeline lists open merge requests as `team/shop!7,other/shop!9`; those of other projects need other
    tokens.
    """
    if environ.get("CI_MERGE_REQUEST_IID"):
        return environ["CI_MERGE_REQUEST_IID"]
    for request in environ.get("CI_OPEN_MERGE_REQUESTS", "").split(","):
        project, _, number = request.strip().rpartition("!")
        if project and project == environ.get("CI_PROJECT_PATH"):
            return number
    if environ.get("CI_COMMIT_BRANCH"):
        raise NoRequestError(
            "No merge request of this project is open for the branch, so there is nowhere to post.",
            where=f"CI_COMMIT_BRANCH={environ['CI_COMMIT_BRANCH']}",
            remedy="open one; the next pipeline of the branch posts to it.",
        )
    raise UsageError(
        "This pipeline does not belong to a merge request, so there is nowhere to post.",
        where="CI_MERGE_REQUEST_IID and CI_COMMIT_BRANCH are not set",
        remedy="run it in the pipeline of a merge request or of its branch, or set CI_MERGE_REQUEST_IID to its number.",
    )
