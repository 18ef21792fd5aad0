import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Tdmvc
from tests.hosts.fake_servers import GitHubServer

TEXT = "<!-- tdmvc-review -->\n3 rows changed.\n"


@pytest.fixture
def review(github: GitHubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rendered review in a folder without a repository, in a run that Actions has set up."""
    for name in ("GITHUB_EVENT_PATH", "GITHUB_ACTOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    monkeypatch.setenv("GITHUB_TOKEN", "sesame")
    monkeypatch.setenv("TDMVC_PULL_REQUEST", "7")
    path = tmp_path / "alone" / "review.md"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def test_a_rendered_review_is_posted_without_a_repository(
    tdmvc: Tdmvc, github: GitHubServer, review: Path
) -> None:
    report = tdmvc("post", "github", review, folder=review.parent)
    assert report.out == ""
    assert report.err == "Comment created: https://github.test/acme/shop/pull/7#issuecomment-1000\n"
    assert tdmvc("post", "github", review).err.startswith("Comment unchanged: ")
    assert tdmvc("--quiet", "post", "github", review).err == ""
    assert [comment["body"] for comment in github.comments] == [TEXT]


def test_only_update_creates_no_comment(tdmvc: Tdmvc, github: GitHubServer, review: Path) -> None:
    assert tdmvc("post", "github", review, "--only-update").err == "Comment skipped\n"
    github.add("<!-- tdmvc-review -->\nOld.")
    assert tdmvc("post", "github", review, "--only-update").err.startswith("Comment updated: ")


def test_a_run_for_a_fork_succeeds_with_a_warning_and_the_review_in_the_summary(
    tdmvc: Tdmvc, github: GitHubServer, review: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.is_read_only = True
    event = review.parent / "event.json"
    repos = {
        side: {"repo": {"full_name": f"{who}/shop"}} for side, who in (("head", "eve"), ("base", "acme"))
    }
    event.write_text(json.dumps({"pull_request": {"number": 7, **repos}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    assert "It was not posted." in tdmvc("post", "github", review).err
    summary = review.parent / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    report = tdmvc("post", "github", review).err
    assert report.startswith("warning: The token may only read")
    assert "in the job's summary instead" in report
    assert summary.read_text() == TEXT


def test_a_file_that_cannot_be_posted_is_refused(
    tdmvc: Tdmvc, github: GitHubServer, review: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tdmvc("post", "github", review.parent / "nothing.md", code=2)
    (review.parent / "latin.md").write_bytes(b"\xff\xfe")
    assert "UTF-8" in tdmvc("post", "github", review.parent / "latin.md", code=2).err
    (review.parent / "plain.md").write_text("No marker.\n")
    assert "marker" in tdmvc("post", "github", review.parent / "plain.md", code=2).err
    monkeypatch.setenv("GITHUB_TOKEN", "wrong-secret")
    report = tdmvc("post", "github", review, code=6).err
    assert "does not accept the token" in report
    assert "wrong-secret" not in report
    assert github.comments == []


def test_help_does_not_list_what_only_ci_calls(tdmvc: Tdmvc) -> None:
    assert "\n  post " not in tdmvc("--help").out
    assert "Usage: tdmvc post " in tdmvc("post", "--help").out


def test_requests_is_imported_only_for_posting() -> None:
    code = "import sys, tdmvc.actions.post, tdmvc.actions.init; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
