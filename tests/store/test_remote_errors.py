"""What is said of a remote that fails: the cause, what to do, and no secret."""

import errno
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tdmvc.store.remote_errors import RemoteErrors

SECRET = "s3cret/Words+more="


def _error(name: str, **facts: object) -> Exception:
    """Return an error of a library that is not imported here."""
    error = type(name, (Exception,), {})("what the library says")
    for fact, value in facts.items():
        setattr(error, fact, value)
    return error


@pytest.mark.parametrize(
    ("error", "url", "said", "remedy"),
    [
        (OSError(errno.ENOSPC, "No space left"), "/far", "its disk is full", "free some space there"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "/far", "its disk is full", "free some space there"),
        (OSError(errno.EROFS, "Read-only"), "/far", "it cannot be written", "--remote NAME"),
        (PermissionError(errno.EACCES, "No"), "/far", "access is denied: [", "permissions of its folder"),
        (PermissionError("Forbidden"), "s3://b/x", "access is denied (HTTP 403): Forbidden", "credentials"),
        (
            _error("ClientResponseError", status=401),
            "https://h/x",
            "access is denied (HTTP 401)",
            "credentials",
        ),
        (_error("ClientResponseError", status=405), "https://h/x", "it cannot be written", "--remote NAME"),
        (_error("NoCredentialsError"), "s3://b/x", "no usable credentials", "AWS_ACCESS_KEY_ID"),
        (_error("DefaultCredentialsError"), "gs://b/x", "no usable credentials", "log in with the tool"),
        (
            _error("CredentialUnavailableError"),
            "azure://b/x",
            "no usable credentials",
            "log in with the tool",
        ),
        (_error("KeyImportError"), "ssh://h/x", "no usable credentials", "keyfile PATH"),
        (_error("SFTPPermissionDenied"), "ssh://h/x", "access is denied: what", "folder on the server"),
        (_error("SFTPFailure"), "ssh://h/x", "the server refuses", "full or read-only"),
        (_error("ConnectionLost"), "ssh://h/x", "it cannot be reached", "dvc remote list"),
        (_error("EndpointConnectionError"), "s3://b/x", "it cannot be reached", "dvc remote list"),
        (ConnectionRefusedError(111, "refused"), "ssh://h/x", "it cannot be reached", "dvc remote list"),
        (TimeoutError(), "ssh://h/x", "it cannot be reached: TimeoutError", "dvc remote list"),
        (
            FileNotFoundError("the bucket 'b' does not exist"),
            "s3://b/x",
            "the bucket 'b'",
            "modify far url URL",
        ),
        (RuntimeError("out of the blue"), "s3://b/x", "out of the blue", "dvc remote list"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_the_cause_is_said_with_what_to_do(error: Exception, url: str, said: str, remedy: str) -> None:
    made = RemoteErrors("far", {"url": url}).of(error)
    assert made.what.startswith("The remote 'far' failed: ")
    assert said in made.what
    assert remedy in made.remedy
    assert made.remedy.endswith("then run the same command again.")


@pytest.mark.parametrize(
    "setting",
    [
        "password",
        "passphrase",
        "access_key_id",
        "secret_access_key",
        "session_token",
        "connection_string",
        "sas_token",
        "account_key",
        "client_secret",
        "oss_key_secret",
        "token",
        "gdrive_client_secret",
    ],
)
def test_a_configured_secret_is_masked(setting: str) -> None:
    errors = RemoteErrors("far", {"url": "s3://b/x", setting: SECRET})
    assert SECRET not in errors.of(RuntimeError(f"signed with {SECRET}: refused")).message
    assert "refused" in errors.of(RuntimeError(f"signed with {SECRET}: refused")).message


@pytest.mark.parametrize("variable", ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_KEY"])
def test_a_secret_of_the_environment_is_masked(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, SECRET)
    assert SECRET not in RemoteErrors("far", {"url": "s3://b/x"}).of(RuntimeError(f"{SECRET}!")).message


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (f"https://ada:{SECRET}@h/x", f"cannot open https://ada:{SECRET}@h/x/ab"),
        ("https://ada:s3cret%2FWords@h/x", "the user ada with s3cret/Words is unknown"),
        ("https://h/x?sig=s3cret%2FWords&se=1", "GET https://h/x/ab?sig=s3cret%2FWords&se=1"),
        ("https://h/x", "proxy http://me:s3cret-Words@proxy:3128 refused"),
    ],
)
def test_a_secret_of_an_address_is_masked(url: str, text: str) -> None:
    message = RemoteErrors("far", {"url": url}).of(RuntimeError(text)).message
    assert "s3cret" not in message
    assert "Words" not in message


@pytest.mark.parametrize(
    ("has_one", "settings", "expected"),
    [
        (True, {}, True),
        (True, {"GIT_TERMINAL_PROMPT": "1"}, True),
        (True, {"GIT_TERMINAL_PROMPT": "0"}, False),
        (True, {"CI": "true"}, False),
        (False, {}, False),
    ],
)
def test_a_terminal_is_one_that_can_be_opened(
    has_one: bool, settings: dict[str, str], expected: bool
) -> None:
    # The first terminal that the leader of a session opens becomes the session's own.
    script = (
        "import os, sys; sys.argv[1] and os.open(sys.argv[1], os.O_RDWR); "
        "from tdmvc.store.remote_errors import has_terminal; print(has_terminal())"
    )
    environment = {
        name: value for name, value in os.environ.items() if name not in ("CI", "GIT_TERMINAL_PROMPT")
    }
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    ours, theirs = pty.openpty()
    words = [sys.executable, "-c", script, os.ttyname(theirs) if has_one else ""]
    done = subprocess.run(
        words,
        env=environment | settings,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.stdout == f"{expected}\n", done.stderr
