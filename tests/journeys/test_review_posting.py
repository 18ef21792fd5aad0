"""A review that is posted: by the real command line, to a server on this machine that answers as the hosts do."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tdmvc.cli.main import run
from tdmvc.hosts.github import GitHub
from tdmvc.hosts.gitlab import GitLab
from tests.builders import Tdmvc, copy_repo, git
from tests.hosts.fake_servers import GitHubServer, GitLabServer, running

TOKEN = "sesame"
MARKER = "<!-- tdmvc-review -->"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    """A pull request, in a run that Actions has set up."""
    server = GitHubServer()
    with running(server):
        for name in ("GITHUB_EVENT_PATH", "GITHUB_ACTOR", "GITHUB_STEP_SUMMARY", "GITHUB_BASE_REF"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("TDMVC_PULL_REQUEST", "7")
        yield server


@pytest.fixture
def gitlab(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLabServer]:
    """A merge request, in a job that GitLab has set up."""
    server = GitLabServer()
    with running(server):
        monkeypatch.delenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", raising=False)
        monkeypatch.setenv("CI_API_V4_URL", f"{server.url}/api/v4")
        monkeypatch.setenv("CI_PROJECT_ID", "11")
        monkeypatch.setenv("CI_MERGE_REQUEST_IID", "3")
        monkeypatch.setenv("TDMVC_GITLAB_TOKEN", TOKEN)
        yield server


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("posting")
    copy_repo(template, top / "app")
    _write(top / "colours.csv", 300, "red")
    with contextlib.redirect_stdout(io.StringIO()):
        assert (
            run(["-C", str(top / "app"), "add", "golden", str(top / "colours.csv"), "--key", "colours=id"])
            == 0
        )
    git(top / "app", "add", "-A")
    git(top / "app", "commit", "-q", "-m", "Colours")
    git(top / "app", "switch", "-q", "-c", "feature")
    return top


def _write(path: Path, rows: int, name: str) -> None:
    path.write_text("id,name\n" + "".join(f"{i},{name} {i}\n" for i in range(rows)))


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    copy_repo(made, tmp_path / "work")
    return tmp_path / "work" / "app"


@pytest.fixture
def change(tdmvc: Tdmvc, repo: Path) -> Callable[[int, str], None]:
    def make(rows: int, name: str) -> None:
        _write(repo.parent / "colours.csv", rows, name)
        tdmvc("add", "golden", repo.parent / "colours.csv")

    return make


Change = Callable[[int, str], None]


def test_github_gets_one_comment_that_is_kept_up_to_date(
    tdmvc: Tdmvc, github: GitHubServer, change: Change
) -> None:
    silent = tdmvc("review", "main", "--post", "github")
    assert (github.comments, silent.err) == ([], "Comment skipped\n")
    change(301, "red")
    created = tdmvc("review", "main", "--post", "github", "--format", "json")
    assert created.err.startswith("Comment created: https://github.test/")
    assert json.loads(created.out)["summary"]["rows"]["added"] == 1
    (comment,) = github.comments
    assert comment["body"].startswith(MARKER)
    assert comment["body"] == tdmvc("review", "main", "--format", "markdown").out
    writes = len(github.writes)
    assert tdmvc("review", "main", "--post", "github").err.startswith("Comment unchanged: ")
    assert len(github.writes) == writes
    change(290, "red")
    assert tdmvc("review", "main", "--post", "github").err.startswith("Comment updated: ")
    assert len(github.comments) == 1
    # A change that was undone is reported if it was reported before.
    change(300, "red")
    assert tdmvc("review", "main", "--post", "github").err.startswith("Comment updated: ")
    assert "unchanged" in github.comments[0]["body"]


def test_gitlab_gets_one_note_that_is_kept_up_to_date(
    tdmvc: Tdmvc, gitlab: GitLabServer, change: Change
) -> None:
    assert tdmvc("review", "main", "--post", "gitlab").err == "Comment skipped\n"
    change(301, "red")
    assert tdmvc("review", "main", "--post", "gitlab").err.startswith("Comment created")
    assert tdmvc("review", "main", "--post", "gitlab").err.startswith("Comment unchanged")
    change(290, "red")
    assert tdmvc("review", "main", "--post", "gitlab").err.startswith("Comment updated")
    (note,) = gitlab.notes
    assert note["body"].startswith(MARKER)


def test_a_blocked_review_is_posted_before_the_job_fails(
    tdmvc: Tdmvc, repo: Path, github: GitHubServer, change: Change
) -> None:
    change(300, "blue")
    path = repo.parent / "colours.csv"
    path.write_text(path.read_text() + "5,second\n")
    tdmvc("add", "golden", path)
    tdmvc("review", "main", "--post", "github", code=1)
    assert "duplicate-key" in github.comments[0]["body"]


def test_a_run_for_a_fork_succeeds_with_the_review_in_the_summary(
    tdmvc: Tdmvc, github: GitHubServer, change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(301, "red")
    github.is_read_only = True
    event, summary = tmp_path / "event.json", tmp_path / "summary.md"
    sides = {
        side: {"repo": {"full_name": f"{who}/shop"}} for side, who in (("head", "eve"), ("base", "acme"))
    }
    event.write_text(json.dumps({"pull_request": {"number": 7, **sides}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    ran = tdmvc("review", "main", "--format", "github", "--post", "github")
    assert ran.err.startswith("warning: ")
    assert "in the job's summary instead" in ran.err
    assert summary.read_text().startswith(MARKER)
    assert github.comments == []


def test_a_comment_that_is_too_long_is_shortened_to_the_limit_of_the_host(
    tdmvc: Tdmvc,
    github: GitHubServer,
    gitlab: GitLabServer,
    change: Change,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(280, "blue")
    whole = tdmvc("review", "main", "--format", "markdown").out
    # No review is as long as what today's hosts take, so these take less.
    limit = len(whole) - 100
    monkeypatch.setattr(GitHub, "limit", limit)
    monkeypatch.setattr(GitLab, "limit", limit)
    github.limit = gitlab.limit = limit
    for host in ("github", "gitlab"):
        ran = tdmvc("review", "main", "--post", host, "--link", "https://ci.test/review.html")
        assert "shortened to what the host accepts" in ran.err
    (comment,) = github.comments
    assert MARKER in comment["body"]
    assert len(comment["body"]) <= github.limit
    assert "https://ci.test/review.html" in comment["body"]


@pytest.mark.parametrize("status", [401, 404, 500])
def test_the_token_is_never_printed_or_written(
    tdmvc: Tdmvc,
    github: GitHubServer,
    change: Change,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    change(301, "red")
    secret = "ghp_very-secret" if status == 401 else TOKEN
    monkeypatch.setenv("GITHUB_TOKEN", secret)
    if status == 404:
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/other")
    if status == 500:
        github.is_read_only = True
    words = ("--write", f"html={tmp_path / 'page'}", "--write", f"json={tmp_path / 'document'}")
    ran = tdmvc("review", "main", "--post", "github", *words, code=6 if status != 500 else None)
    # The other formats are written, although the host refused.
    pages = [(tmp_path / name).read_text() for name in ("page", "document")]
    assert ran.err
    assert all(secret not in text for text in (ran.out, ran.err, *pages))


def test_without_a_token_or_a_request_the_error_names_what_is_missing(
    tdmvc: Tdmvc, github: GitHubServer, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(301, "red")
    monkeypatch.delenv("GITHUB_TOKEN")
    output = tdmvc("review", "main", "--post", "github", code=None)
    assert output.code != 0
    assert "GITHUB_TOKEN" in output.err
    assert github.requests == []
