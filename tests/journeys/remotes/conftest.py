"""Repositories with remotes of every kind, each of them on this machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest

from tests.builders import add_tables, copy_repo, publish
from tests.journeys.remotes.servers import FolderRemote, HttpRemote, Remote, S3Remote, S3Server, SshServer
from tests.series import trials


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with pytest.MonkeyPatch.context() as patched:
        # Find no credentials of whoever runs the tests, ask no service of a cloud for some, and try only once.
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE"):
            patched.delenv(f"AWS_{name}", raising=False)
        for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
            patched.setenv(f"AWS_{name}", str(tmp_path_factory.getbasetemp() / "no-such-file"))
        patched.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patched.setenv("AWS_MAX_ATTEMPTS", "1")
        # Each connection to S3 reads botocore's large descriptions; here, all of them share one reader.
        loader = botocore.loaders.create_loader()
        patched.setattr(botocore.session, "create_loader", lambda *paths: loader)
        server = S3Server()
        yield server
        server.close()


@pytest.fixture(scope="session")
def ssh_server() -> Iterator[SshServer]:
    server = SshServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Use no key of whoever runs the tests, and no proxy."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture(scope="module")
def published(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0 of two tables, and no remote."""
    app = copy_repo(template, tmp_path_factory.mktemp("published") / "app")
    rows = "".join(f"{n},person {n}\n" for n in range(1, 200))
    add_tables(app, {"orders": "id,status\n1,open\n2,paid\n", "people": f"id,name\n{rows}"})
    publish(app)
    return app


@pytest.fixture
def repo(published: Path, tmp_path: Path) -> Path:
    return copy_repo(published, tmp_path / "app")


@pytest.fixture
def s3(s3_server: S3Server) -> S3Remote:
    return s3_server.bucket()


@pytest.fixture
def http(tmp_path: Path) -> Iterator[HttpRemote]:
    remote = HttpRemote(tmp_path / "http")
    yield remote
    remote.close()


@pytest.fixture(params=["folder", "s3", "sftp"][: trials(3, 2)])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    """A remote of each kind that can be written; by default, `test_sftp.py` alone tests SFTP."""
    match request.param:
        case "folder":
            yield FolderRemote(tmp_path / "far")
        case "s3":
            yield request.getfixturevalue("s3")
        case _:
            yield request.getfixturevalue("sftp")


@pytest.fixture
def sftp(ssh_server: SshServer, tmp_path: Path) -> Iterator[Remote]:
    with ssh_server.serving(tmp_path / "sftp") as remote:
        yield remote


def forget_rows(app: Path) -> None:
    """Remove all rows, as in a fresh clone."""
    shutil.rmtree(app / ".dvc" / "cache")
    shutil.rmtree(app / ".git" / "tdmvc", ignore_errors=True)
    for table in ("orders", "people"):
        shutil.rmtree(app / "datasets" / "golden" / table)
