import json
from pathlib import Path
from typing import Any

import pytest

from tdmvc.errors import (
    HostError,
    HostUnavailableError,
    NoRequestError,
    ReadOnlyTokenError,
    TextTooLongError,
    UsageError,
)
from tdmvc.hosts import open_host, write_summary
from tdmvc.hosts.base import Host
from tdmvc.model.report import PostAction, Posted
from tests.hosts.conftest import Clock
from tests.hosts.fake_servers import HTML, GitHubServer, Reply, Server, running

MARKER = "<!-- tdmvc-review -->"
TEXT = f"{MARKER}\n## Test data\n\n3 rows changed.\n"
FINE = f"{MARKER}\nNothing changed.\n"


@pytest.fixture
def environ(github: GitHubServer) -> dict[str, str]:
    return {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_TOKEN": "sesame",
        "GITHUB_REF": "refs/pull/7/merge",
    }


@pytest.fixture
def host(environ: dict[str, str], clock: Clock) -> Host:
    return open_host("github", environ, patience=clock.patience)


def event_file(tmp_path: Path, event: Any) -> str:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    return str(path)


# One comment.


def test_the_first_review_is_a_new_comment(github: GitHubServer, host: Host) -> None:
    posted = host.post(TEXT, is_changed=True)
    assert posted == Posted(PostAction.CREATED, "https://github.test/acme/shop/pull/7#issuecomment-1000")
    assert [comment["body"] for comment in github.comments] == [TEXT]
    (write,) = github.writes
    assert (write.method, write.path) == ("POST", "/repos/acme/shop/issues/7/comments")
    assert write.headers["accept"] == "application/vnd.github+json"
    assert write.headers["x-github-api-version"] == "2022-11-28"
    assert write.headers["authorization"] == "Bearer sesame"


def test_the_next_review_updates_it(github: GitHubServer, host: Host) -> None:
    host.post(TEXT, is_changed=True)
    posted = host.post(TEXT + "\nMore.\n", is_changed=True)
    assert posted.action is PostAction.UPDATED
    assert [comment["body"] for comment in github.comments] == [TEXT + "\nMore.\n"]
    assert (github.writes[-1].method, github.writes[-1].path) == (
        "PATCH",
        "/repos/acme/shop/issues/comments/1000",
    )


def test_an_equal_review_writes_nothing(github: GitHubServer, host: Host) -> None:
    github.add(TEXT.replace("\n", "\r\n").rstrip())
    assert host.post(TEXT, is_changed=True).action is PostAction.UNCHANGED
    assert github.writes == []


def test_nothing_is_posted_if_nothing_changed_and_no_comment_exists(github: GitHubServer, host: Host) -> None:
    assert host.post(FINE, is_changed=False) == Posted(PostAction.SKIPPED)
    assert github.comments == []


def test_a_comment_is_updated_if_nothing_is_changed_any_more(github: GitHubServer, host: Host) -> None:
    github.add(TEXT)
    assert host.post(FINE, is_changed=False).action is PostAction.UPDATED
    assert github.comments[0]["body"] == FINE


def test_the_comment_is_found_on_a_later_page(github: GitHubServer, host: Host) -> None:
    for number in range(230):
        github.add(f"Comment {number}", "ada")
    github.add(TEXT)
    assert host.post(FINE, is_changed=True).action is PostAction.UPDATED
    pages = [request.query.get("page") for request in github.requests if request.path.endswith("/comments")]
    assert pages == [None, "2", "3"]
    assert {request.query["per_page"] for request in github.requests if request.query} == {"100"}


def test_comments_that_only_mention_the_marker_are_left_alone(github: GitHubServer, host: Host) -> None:
    github.add(f"I saw\n{MARKER}\nin the source")
    github.add("<!-- tdmvc-review:golden -->\nanother marker")
    assert host.post(TEXT, is_changed=True).action is PostAction.CREATED
    assert len(github.comments) == 3


def test_a_persons_copy_of_the_comment_is_never_overwritten(github: GitHubServer, host: Host) -> None:
    github.add(TEXT, "mallory")
    assert host.post(FINE, is_changed=True).action is PostAction.CREATED
    assert github.comments[0]["body"] == TEXT


def test_a_token_with_a_user_overwrites_only_that_users_comment(clock: Clock) -> None:
    server = GitHubServer(login="review-robot")
    with running(server):
        settings = {
            "GITHUB_API_URL": server.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_TOKEN": "sesame",
            "TDMVC_PULL_REQUEST": "7",
        }
        server.add(TEXT, "other[bot]")
        server.add(TEXT, "review-robot")
        open_host("github", settings, patience=clock.patience).post(FINE, is_changed=True)
    assert [comment["body"] for comment in server.comments] == [TEXT, FINE]


@pytest.mark.parametrize("text", ["", "No marker\n", "<!-- open", f"\n{MARKER}\n", "<!-- -->x\n"])
def test_a_text_without_a_marker_is_refused(github: GitHubServer, host: Host, text: str) -> None:
    with pytest.raises(UsageError, match="marker"):
        host.post(text, is_changed=True)
    assert github.requests == []


# Which pull request.


@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": {"number": 7}},
        {"issue": {"number": 7, "pull_request": {"url": "…"}}},
        {"workflow_run": {"pull_requests": [{"number": 7}]}},
    ],
)
def test_the_number_is_read_from_the_event(
    github: GitHubServer, environ: dict[str, str], clock: Clock, tmp_path: Path, event: Any
) -> None:
    environ |= {"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": event_file(tmp_path, event)}
    open_host("github", environ, patience=clock.patience).post(TEXT, is_changed=True)
    assert len(github.comments) == 1


def test_a_number_that_is_given_wins(github: GitHubServer, environ: dict[str, str], clock: Clock) -> None:
    environ |= {"GITHUB_REF": "refs/pull/8/merge", "TDMVC_PULL_REQUEST": "7\n"}
    open_host("github", environ, patience=clock.patience).post(TEXT, is_changed=True)
    assert len(github.comments) == 1


@pytest.mark.parametrize("reference", ["refs/heads/main", "refs/heads/gh-readonly-queue/main/pr-7-abc"])
def test_a_run_of_a_branch_or_a_queue_has_nowhere_to_post(environ: dict[str, str], reference: str) -> None:
    with pytest.raises(NoRequestError, match="not belong to a pull request"):
        open_host("github", environ | {"GITHUB_REF": reference, "GITHUB_EVENT_PATH": "/nowhere"})


@pytest.mark.parametrize("number", ["7/../8", "7; rm", "0", "-7", "٧", "7" * 11])
def test_an_invalid_number_is_refused_and_not_repeated(environ: dict[str, str], number: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_host("github", environ | {"TDMVC_PULL_REQUEST": number})
    assert "digits" in refused.value.message
    assert number == "0" or number not in refused.value.message


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY"),
        ({"GITHUB_REPOSITORY": "acme/shop/../other"}, "owner/name"),
        ({"GITHUB_REF": "", "GITHUB_EVENT_PATH": "/nowhere"}, "not belong to a pull request"),
    ],
)
def test_a_missing_setting_is_named(environ: dict[str, str], change: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        open_host("github", environ | change)


# What may go wrong.


def test_the_error_for_a_bad_token_does_not_show_it(environ: dict[str, str], clock: Clock) -> None:
    host = open_host("github", environ | {"GITHUB_TOKEN": "wrong-secret"}, patience=clock.patience)
    with pytest.raises(HostError, match="does not accept the token") as refused:
        host.post(TEXT, is_changed=True)
    assert "Bad credentials" in refused.value.message
    assert "wrong-secret" not in refused.value.message
    assert not isinstance(refused.value, ReadOnlyTokenError)
    assert refused.value.exit_code == 6


@pytest.mark.parametrize(
    ("event", "actor"),
    [
        (
            {
                "pull_request": {
                    "number": 7,
                    "head": {"repo": {"full_name": "eve/shop"}},
                    "base": {"repo": {"full_name": "acme/shop"}},
                }
            },
            "eve",
        ),
        (
            {
                "pull_request": {
                    "number": 7,
                    "head": {"repo": None},
                    "base": {"repo": {"full_name": "acme/shop"}},
                }
            },
            "eve",
        ),
        ({"pull_request": {"number": 7}}, "dependabot[bot]"),
    ],
)
def test_the_read_only_token_of_a_fork_is_an_error_of_its_own(
    github: GitHubServer, environ: dict[str, str], clock: Clock, tmp_path: Path, event: Any, actor: str
) -> None:
    github.is_read_only = True
    environ |= {"GITHUB_EVENT_PATH": event_file(tmp_path, event), "GITHUB_ACTOR": actor}
    with pytest.raises(ReadOnlyTokenError, match="two workflows"):
        open_host("github", environ, patience=clock.patience).post(TEXT, is_changed=True)
    assert clock.slept == []


def test_a_missing_permission_in_our_own_repository_is_an_error_with_its_remedy(
    github: GitHubServer, environ: dict[str, str], clock: Clock, tmp_path: Path
) -> None:
    github.is_read_only = True
    own = {"repo": {"full_name": "acme/shop"}}
    environ["GITHUB_EVENT_PATH"] = event_file(
        tmp_path, {"pull_request": {"number": 7, "head": own, "base": own}}
    )
    with pytest.raises(HostError, match="pull-requests: write") as refused:
        open_host("github", environ, patience=clock.patience).post(TEXT, is_changed=True)
    assert type(refused.value) is HostError


def test_a_missing_pull_request_is_reported(environ: dict[str, str], clock: Clock) -> None:
    host = open_host("github", environ | {"TDMVC_PULL_REQUEST": "8"}, patience=clock.patience)
    with pytest.raises(HostError, match="did not find this pull request"):
        host.post(TEXT, is_changed=True)


def test_a_text_over_the_limit_is_shortened_before_it_is_sent(github: GitHubServer, host: Host) -> None:
    asked: list[int] = []

    def shorten(limit: int) -> str:
        asked.append(limit)
        return TEXT

    posted = host.post(TEXT + "x" * 65_536, is_changed=True, shorten=shorten)
    assert (posted.action, posted.is_shortened, asked) == (PostAction.CREATED, True, [65_536])
    assert len(github.writes) == 1


def test_a_text_that_the_host_finds_too_long_is_shortened_once(github: GitHubServer, host: Host) -> None:
    github.limit = 50_000
    asked: list[int] = []

    def shorten(limit: int) -> str:
        asked.append(limit)
        return TEXT + "x" * (limit - len(TEXT))

    assert host.post(TEXT + "x" * 60_000, is_changed=True, shorten=shorten).is_shortened
    assert (asked, len(github.comments)) == ([49_152], 1)
    github.limit = 100
    github.comments.clear()
    with pytest.raises(TextTooLongError):
        host.post(TEXT + "y" * 60_000, is_changed=True, shorten=shorten)


def test_a_text_that_nobody_can_shorten_is_an_error(host: Host) -> None:
    with pytest.raises(TextTooLongError, match="65,536"):
        host.post(TEXT + "x" * 65_536, is_changed=True)


def test_a_rate_limit_is_awaited(github: GitHubServer, host: Host, clock: Clock) -> None:
    github.failures = [
        Reply(429, {"message": "slow down"}, {"Retry-After": "7"}),
        Reply(
            403,
            {"message": "API rate limit exceeded"},
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.time) + 7 + 12)},
        ),
    ]
    assert host.post(TEXT, is_changed=True).action is PostAction.CREATED
    assert clock.slept == [7, 13]


def test_a_secondary_limit_on_writing_does_not_write_twice(
    github: GitHubServer, host: Host, clock: Clock
) -> None:
    github.fail_on = "POST"
    github.failures = [
        Reply(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "3"})
    ]
    assert host.post(TEXT, is_changed=True).action is PostAction.CREATED
    assert (len(github.comments), clock.slept) == (1, [3])


def test_a_long_rate_limit_is_not_waited_for(github: GitHubServer, host: Host, clock: Clock) -> None:
    github.failures = [Reply(429, {}, {"Retry-After": "3600"})]
    with pytest.raises(HostError, match="3600 seconds"):
        host.post(TEXT, is_changed=True)
    assert clock.slept == []


def test_the_total_waiting_time_is_limited(github: GitHubServer, host: Host, clock: Clock) -> None:
    github.failures = [Reply(429, {}, {"Retry-After": "25"})] * 9
    with pytest.raises(HostError, match="rate limit"):
        host.post(TEXT, is_changed=True)
    assert sum(clock.slept) <= 60
    assert len(github.requests) == 3


def test_a_request_to_a_failing_server_is_repeated(github: GitHubServer, host: Host, clock: Clock) -> None:
    github.failures = [Reply(500, HTML), Reply(502, HTML)]
    assert host.post(TEXT, is_changed=True).action is PostAction.CREATED
    assert clock.slept == [1, 2]


def test_a_server_that_keeps_failing_is_an_error(github: GitHubServer, host: Host) -> None:
    github.failures = [Reply(503, HTML)] * 9
    with pytest.raises(HostUnavailableError, match="503") as failed:
        host.post(TEXT, is_changed=True)
    assert "Sign in" not in failed.value.message
    assert len(github.requests) == 3


@pytest.mark.parametrize("answer", [Reply(502, HTML), Reply(0)])
def test_a_comment_whose_answer_was_lost_is_not_written_twice(
    github: GitHubServer, host: Host, clock: Clock, answer: Reply
) -> None:
    github.loses_answers = 1
    github.lost_answer = answer
    assert host.post(TEXT, is_changed=True).action is PostAction.UNCHANGED
    assert len(github.comments) == 1
    assert clock.slept == [1]


def test_a_host_that_cannot_be_reached_is_reported(environ: dict[str, str], clock: Clock) -> None:
    host = open_host("github", environ | {"GITHUB_API_URL": "http://127.0.0.1:9"}, patience=clock.patience)
    with pytest.raises(HostUnavailableError, match="no connection") as failed:
        host.post(TEXT, is_changed=True)
    assert "sesame" not in failed.value.message
    assert clock.slept == [1, 2]


def test_a_login_page_instead_of_the_api_is_reported(github: GitHubServer, host: Host) -> None:
    github.failures = [Reply(200, HTML)]
    with pytest.raises(HostError, match="does not come from GitHub's API") as failed:
        host.post(TEXT, is_changed=True)
    assert "Sign in" not in failed.value.message


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host_never_gets_the_token(
    github: GitHubServer, host: Host, method: str
) -> None:
    thief = Server()
    with running(thief):
        github.fail_on = method
        # The same address under another name, so that only the host tells the two apart.
        github.failures = [Reply(307, {}, {"Location": thief.url.replace("127.0.0.1", "localhost") + "/x"})]
        with pytest.raises(HostError, match="localhost"):
            host.post(TEXT, is_changed=True)
    assert thief.requests == []


def test_another_port_is_another_host_and_a_next_page_there_too(github: GitHubServer, host: Host) -> None:
    thief = Server()
    with running(thief):
        github.failures = [Reply(200, [], {"Link": f'<{thief.url}/comments?page=2>; rel="next"'})]
        with pytest.raises(HostError, match="must not get the token"):
            host.post(TEXT, is_changed=True)
    assert thief.requests == []


def test_a_redirect_within_the_host_is_followed(github: GitHubServer, host: Host) -> None:
    github.failures = [Reply(301, {}, {"Location": "/repos/acme/shop/issues/7/comments?per_page=100"})]
    assert host.post(TEXT, is_changed=True).action is PostAction.CREATED


def test_endless_redirects_are_abandoned(github: GitHubServer, host: Host) -> None:
    github.failures = [Reply(302, {}, {"Location": "/again"})] * 99
    with pytest.raises(HostError, match="endlessly"):
        host.post(TEXT, is_changed=True)
    assert len(github.requests) < 10


def test_a_netrc_file_does_not_replace_the_token(
    github: GitHubServer, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert host.post(TEXT, is_changed=True).action is PostAction.CREATED


# The job's summary.


def test_the_summary_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    assert write_summary("one", {"GITHUB_STEP_SUMMARY": str(path)})
    assert write_summary("two\n", {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text() == "one\ntwo\n"
    assert not write_summary("three", {})


@pytest.mark.parametrize("taken", [0, 1_000_000, 1_048_400, 1_048_576])
def test_a_summary_is_cut_at_a_line_below_one_mebibyte(tmp_path: Path, taken: int) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * taken)
    text = "<details>\n\n```text\n" + "é öö ü ÿ — rows\n" * 90_000
    assert write_summary(text, {"GITHUB_STEP_SUMMARY": str(path)})
    whole = path.read_bytes()
    assert len(whole) <= 1 << 20
    written = whole[taken:].decode()
    if taken <= 1_000_000:
        assert len(whole) > (1 << 20) - 1000
        assert "cut here" in written
        assert written.count("```") == 2
        assert written.count("</details>") == 1
        assert "rows\n```\n" in written
    else:
        assert written == ""


def test_a_summary_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="summary"):
        write_summary("one", {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "summary.md")})
