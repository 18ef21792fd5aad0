import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tdmvc.errors import HostError, NoRequestError, ReadOnlyTokenError, UsageError
from tdmvc.hosts import open_host
from tdmvc.model.report import PostAction, Posted
from tests.hosts.conftest import Clock
from tests.hosts.fake_servers import HTML, GitLabServer, Reply, running

MARKER = "<!-- tdmvc-review -->"
TEXT = f"{MARKER}\n3 rows changed.\n"
FINE = f"{MARKER}\nNothing changed.\n"


@pytest.fixture
def environ(gitlab: GitLabServer) -> dict[str, str]:
    return {
        "CI_API_V4_URL": f"{gitlab.url}/api/v4",
        "CI_PROJECT_ID": "11",
        "CI_MERGE_REQUEST_PROJECT_ID": "11",
        "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.test/acme/shop",
        "CI_MERGE_REQUEST_IID": "3",
        "TDMVC_GITLAB_TOKEN": "sesame",
        "CI_JOB_TOKEN": "job-secret",
    }


def post(environ: dict[str, str], clock: Clock, text: str = TEXT, *, is_changed: bool = True) -> Posted:
    return open_host("gitlab", environ, patience=clock.patience).post(text, is_changed=is_changed)


def test_a_note_is_made_updated_and_left(gitlab: GitLabServer, environ: dict[str, str], clock: Clock) -> None:
    url = "https://gitlab.test/acme/shop/-/merge_requests/3#note_500"
    assert post(environ, clock) == Posted(PostAction.CREATED, url)
    # GitLab keeps a note without the line end behind it.
    assert post(environ, clock) == Posted(PostAction.UNCHANGED, url)
    assert post(environ, clock, FINE, is_changed=False) == Posted(PostAction.UPDATED, url)
    assert [(write.method, write.path) for write in gitlab.writes] == [
        ("POST", "/api/v4/projects/11/merge_requests/3/notes"),
        ("PUT", "/api/v4/projects/11/merge_requests/3/notes/500"),
    ]
    assert {request.headers["private-token"] for request in gitlab.requests} == {"sesame"}
    assert not any("job-token" in request.headers for request in gitlab.requests)


def test_no_note_is_created_if_nothing_changed(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    assert post(environ, clock, FINE, is_changed=False).action is PostAction.SKIPPED
    assert gitlab.notes == []


def test_the_note_is_found_on_a_later_page_among_other_peoples(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    gitlab.add(TEXT, "mallory")
    gitlab.add(TEXT, system=True)
    for number in range(150):
        gitlab.add(f"Note {number}", "ada")
    gitlab.add(TEXT)
    assert post(environ, clock, FINE).action is PostAction.UPDATED
    assert [note["body"] for note in gitlab.notes if note["body"] == FINE.strip()] == [FINE.strip()]
    assert gitlab.notes[-1]["body"] == FINE.strip()
    pages = [request.query["page"] for request in gitlab.requests if "page" in request.query]
    assert pages == ["1", "2"]


def test_the_general_token_variable_is_read_too(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    del environ["TDMVC_GITLAB_TOKEN"]
    environ["GITLAB_TOKEN"] = "sesame"
    assert post(environ, clock).action is PostAction.CREATED


def test_a_job_token_is_tried_and_its_refusal_names_the_token_to_create(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    del environ["TDMVC_GITLAB_TOKEN"]
    with pytest.raises(HostError, match="TDMVC_GITLAB_TOKEN") as refused:
        post(environ, clock)
    assert gitlab.requests[0].headers["job-token"] == "job-secret"
    assert "job-secret" not in refused.value.message
    assert not isinstance(refused.value, ReadOnlyTokenError)


def test_a_pipeline_in_a_fork_is_an_error_of_its_own(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    del environ["TDMVC_GITLAB_TOKEN"]
    with pytest.raises(ReadOnlyTokenError, match="fork"):
        post(environ | {"CI_PROJECT_ID": "99"}, clock)
    assert gitlab.requests[0].path == "/api/v4/projects/11/merge_requests/3/notes"


def branch_pipeline(environ: dict[str, str], open_requests: str | None) -> dict[str, str]:
    """Return the variables of a branch's pipeline."""
    kept = {name: value for name, value in environ.items() if "MERGE_REQUEST" not in name}
    kept |= {
        "CI_COMMIT_BRANCH": "topic",
        "CI_PROJECT_PATH": "acme/shop",
        "CI_PROJECT_URL": "https://gitlab.test/acme/shop",
    }
    return kept if open_requests is None else kept | {"CI_OPEN_MERGE_REQUESTS": open_requests}


@pytest.mark.parametrize("listed", ["acme/shop!3", "acme/shop!3,acme/shop!4", "parent/shop!9,acme/shop!3"])
def test_a_branch_pipeline_posts_to_the_merge_request_that_is_open_for_it(
    environ: dict[str, str], clock: Clock, listed: str
) -> None:
    url = "https://gitlab.test/acme/shop/-/merge_requests/3#note_500"
    assert post(branch_pipeline(environ, listed), clock) == Posted(PostAction.CREATED, url)


@pytest.mark.parametrize("listed", [None, "", "parent/shop!9", "acme/shop2!3"])
def test_a_branch_pipeline_without_an_open_merge_request_has_nowhere_to_post(
    environ: dict[str, str], clock: Clock, listed: str | None
) -> None:
    with pytest.raises(NoRequestError, match="No merge request of this project is open"):
        post(branch_pipeline(environ, listed), clock)


def test_a_note_that_is_too_long_is_shortened(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    gitlab.limit = 800_000
    posted = open_host("gitlab", environ, patience=clock.patience).post(
        TEXT + "x" * 900_000, is_changed=True, shorten=lambda limit: (TEXT + "x" * 900_000)[:limit]
    )
    assert posted.is_shortened
    assert len(gitlab.notes[0]["body"]) == 750_000


def test_a_rate_limit_and_a_failure_are_waited_for(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    gitlab.failures = [
        Reply(429, HTML, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(clock.time) + 5)}),
        Reply(500, {"message": "500 Internal Server Error"}),
    ]
    assert post(environ, clock).action is PostAction.CREATED
    assert clock.slept == [6, 2]


def test_an_expired_token_and_an_unknown_request_are_reported(environ: dict[str, str], clock: Clock) -> None:
    with pytest.raises(HostError, match="expired"):
        post(environ | {"TDMVC_GITLAB_TOKEN": "old-secret"}, clock)
    with pytest.raises(HostError, match="did not find this merge request"):
        post(environ | {"CI_MERGE_REQUEST_IID": "4"}, clock)


def test_a_login_page_instead_of_the_api_is_reported(
    gitlab: GitLabServer, environ: dict[str, str], clock: Clock
) -> None:
    gitlab.failures = [Reply(200, HTML)]
    with pytest.raises(HostError, match="does not come from GitLab's API"):
        post(environ, clock)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"CI_MERGE_REQUEST_IID": ""}, "not belong to a merge request"),
        ({"CI_MERGE_REQUEST_IID": "3/../4"}, "digits"),
        ({"CI_API_V4_URL": ""}, "CI_API_V4_URL"),
        ({"CI_MERGE_REQUEST_PROJECT_ID": "", "CI_PROJECT_ID": ""}, "CI_PROJECT_ID"),
        ({"CI_PROJECT_ID": "acme/shop", "CI_MERGE_REQUEST_PROJECT_ID": ""}, "digits"),
        ({"TDMVC_GITLAB_TOKEN": "", "CI_JOB_TOKEN": ""}, "TDMVC_GITLAB_TOKEN"),
    ],
)
def test_a_missing_setting_is_named(environ: dict[str, str], change: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        open_host("gitlab", environ | change)


def _own_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate that nobody has signed but itself, as a company's own server may have."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, secret = folder / "own.pem", folder / "own.key"
    public.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, secret)
    return public, context


def test_a_certificate_is_checked_and_a_private_one_is_trusted_if_gitlab_names_it(
    environ: dict[str, str], clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    server = GitLabServer()
    own, context = _own_certificate(tmp_path)
    with running(server, tls=context):
        environ["CI_API_V4_URL"] = f"{server.url}/api/v4"
        for file in ("", str(tmp_path / "gone.pem")):
            with pytest.raises(HostError, match="certificate"):
                post(environ | {"CI_SERVER_TLS_CA_FILE": file}, clock)
        assert server.requests == []
        assert post(environ | {"CI_SERVER_TLS_CA_FILE": str(own)}, clock).action is PostAction.CREATED
