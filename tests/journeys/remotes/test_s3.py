"""A bucket of S3: what its ETags tell, and what its refusals say."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, commit_all
from tests.journeys.remotes.conftest import forget_rows
from tests.journeys.remotes.servers import (
    SECRET,
    CuttingProxy,
    FolderRemote,
    HttpRemote,
    S3Remote,
    S3Server,
    configure,
)

ASKING = ("push", "verify --remote", "check --pushed", "status --remote")


@pytest.fixture
def pushed(repo: Path, s3: S3Remote, tdmvc: Tdmvc) -> S3Remote:
    configure(repo, far=s3)
    commit_all(repo, "Remote")
    tdmvc("push")
    return s3


def _part(remote: S3Remote) -> str:
    return next(name for name in remote.names() if not name.endswith(".dir"))


def _flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def test_an_object_that_was_uploaded_in_pieces_is_compared_by_size_only(
    pushed: S3Remote, tdmvc: Tdmvc
) -> None:
    part = _part(pushed)
    data = pushed.read(part)
    pushed.write_in_pieces(part, data)
    report = tdmvc("verify", "--remote", "--format", "json").json
    assert report["findings"] == []
    assert report["remotes"][0]["compared"] == {"size and checksum": 3, "size": 1}
    assert "verified  3 by size and checksum, 1 by size" in tdmvc("push").out
    # Such an ETag says nothing about the bytes, so only reading them finds this.
    pushed.write_in_pieces(part, _flipped(data))
    assert tdmvc("verify", "--remote", "--format", "json").json["findings"] == []
    (finding,) = tdmvc("verify", "--deep", "--format", "json", code=1).json["findings"]
    assert finding["rule"] == "damaged-on-remote"
    pushed.write_in_pieces(part, data[:-1])
    (finding,) = tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
    assert "incomplete" in finding["message"]
    tdmvc("push")
    assert pushed.read(part) == data


def test_a_bucket_that_does_not_exist_is_not_taken_for_an_empty_one(
    repo: Path, tdmvc: Tdmvc, s3: S3Remote
) -> None:
    configure(repo, far={**s3.settings(), "url": "s3://no-such-bucket/store"})
    commit_all(repo, "Remote")
    for command in ASKING:
        assert "the bucket 'no-such-bucket' does not exist" in tdmvc(*command.split(), code=6).err
    forget_rows(repo)
    assert "the bucket 'no-such-bucket' does not exist" in tdmvc("pull", code=6).err


def test_without_credentials_the_error_says_how_to_give_some(repo: Path, tdmvc: Tdmvc, s3: S3Remote) -> None:
    settings = s3.settings()
    del settings["access_key_id"], settings["secret_access_key"]
    configure(repo, far=settings)
    commit_all(repo, "Remote")
    for command in ("push", "verify --remote"):
        error = tdmvc(*command.split(), code=6).err
        assert "no usable credentials" in error
        assert "`dvc remote modify --local far profile PROFILE`" in error
    forget_rows(repo)
    assert "no usable credentials" in tdmvc("pull", code=6).err


def test_a_server_that_cannot_be_reached_is_reported_as_such(repo: Path, tdmvc: Tdmvc, s3: S3Remote) -> None:
    configure(repo, far={**s3.settings(), "endpointurl": "http://127.0.0.1:9"})
    for command in ("push", "verify --remote"):
        error = tdmvc(*command.split(), code=6).err
        assert "it cannot be reached" in error
        assert SECRET not in error


def test_a_bucket_that_may_only_be_read_refuses_pushes_and_gives_rows(
    pushed: S3Remote, repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    pushed.forbid("s3:PutObject")
    tdmvc("push")
    (tmp_path / "orders.csv").write_text("id,status\n1,open\n2,paid\n3,new\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    error = tdmvc("push", code=6).err
    assert "access is denied (HTTP 403)" in error
    assert "for a push also write" in error
    assert SECRET not in error
    commit_all(repo, "More orders")
    error = tdmvc("publish", "golden", "--push", code=6).err
    assert "was published, but not pushed" in error
    assert "HTTP 403" in error
    assert tdmvc("status", "--remote", "--format", "json").json["datasets"][0]["not_pushed"] == 2
    pushed.allow()
    for command in [text for text in error.split("`") if text.startswith("tdmvc push")]:
        tdmvc(*command.split()[1:])
    tdmvc("verify", "--remote")


def test_a_bucket_that_may_not_be_read_is_reported_as_such(
    repo: Path, tdmvc: Tdmvc, s3: S3Remote, http: HttpRemote
) -> None:
    http.status = 403
    configure(repo, far={**s3.settings(), "endpointurl": f"http://127.0.0.1:{http.port}"})
    commit_all(repo, "Remote")
    for command in ASKING:
        error = tdmvc(*command.split(), code=6).err
        assert "The remote 'far' failed: access is denied (HTTP 403)" in error
        assert SECRET not in error
    forget_rows(repo)
    assert "access is denied (HTTP 403)" in tdmvc("pull", code=6).err


def test_rows_come_from_the_release_remote_if_the_default_one_refuses(
    pushed: S3Remote, repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    configure(repo, far=pushed, archive=FolderRemote(tmp_path / "archive"))
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    tdmvc("push", "golden@1.0.0", "--remote", "archive")
    pushed.forbid("s3:GetObject")
    forget_rows(repo)
    assert "came from the remote 'archive'" in tdmvc("pull", "golden@1.0.0").err


def test_a_push_that_is_cut_off_leaves_nothing_incomplete_and_can_be_repeated(
    repo: Path, tdmvc: Tdmvc, s3: S3Remote, s3_server: S3Server
) -> None:
    proxy = CuttingProxy(s3_server.port, sent=900, since=b"PUT /")
    configure(repo, far={**s3.settings(), "endpointurl": f"http://127.0.0.1:{proxy.port}"})
    error = tdmvc("push", code=6).err
    assert proxy.has_cut
    assert "The remote 'far' failed" in error
    assert SECRET not in error
    configure(repo, far=s3)
    sent = {name: s3.read(name) for name in s3.names()}
    tdmvc("push")
    assert sent.items() <= {name: s3.read(name) for name in s3.names()}.items()
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


def test_a_pull_that_is_cut_off_leaves_nothing_incomplete_and_can_be_repeated(
    pushed: S3Remote, repo: Path, tdmvc: Tdmvc, s3_server: S3Server
) -> None:
    forget_rows(repo)
    proxy = CuttingProxy(s3_server.port, received=3_000)
    configure(repo, far={**pushed.settings(), "endpointurl": f"http://127.0.0.1:{proxy.port}"})
    assert "The remote 'far' failed" in tdmvc("pull", code=6).err
    assert proxy.has_cut
    configure(repo, far=pushed)
    tdmvc("pull")
    assert tdmvc("verify", "--format", "json").json["findings"] == []
