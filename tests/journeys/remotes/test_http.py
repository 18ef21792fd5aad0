"""A folder on an HTTP server: it can be read, refuses pushes, and its ETags may be anything."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc_http import HTTPFileSystem

from tests.builders import Tdmvc, commit_all
from tests.journeys.remotes.conftest import forget_rows
from tests.journeys.remotes.servers import (
    SECRET,
    CuttingProxy,
    FolderRemote,
    HttpRemote,
    answering,
    configure,
)

ASKING = ("push", "verify --remote", "check --pushed", "status --remote")


@pytest.fixture
def served(repo: Path, http: HttpRemote, tdmvc: Tdmvc) -> HttpRemote:
    """A server of what was pushed to its folder."""
    configure(repo, inside=FolderRemote(http.folder))
    tdmvc("push")
    configure(repo, far=http)
    commit_all(repo, "Remote")
    return http


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _flip(remote: FolderRemote, name: str) -> None:
    data = remote.read(name)
    remote.write(name, bytes([data[0] ^ 1]) + data[1:])


def _largest(remote: FolderRemote) -> str:
    return max(remote.names(), key=lambda name: len(remote.read(name)))


def test_rows_are_read_and_a_push_is_refused(
    served: HttpRemote, repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    assert tdmvc("verify", "--remote", "--format", "json").json["remotes"][0]["compared"] == {"size": 4}
    assert "Nothing to push" in tdmvc("push").out
    assert "over HTTP" in tdmvc("gc", "--remote", "--alone", code=6).err
    (tmp_path / "orders.csv").write_text("id,status\n1,open\n2,paid\n3,new\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    error = tdmvc("push", code=6).err
    assert "The remote 'far' failed: it cannot be written: 405" in error
    assert "`--remote NAME`" in error
    assert SECRET not in error
    assert tdmvc("status", "--remote", "--format", "json").json["datasets"][0]["not_pushed"] == 2
    shutil.rmtree(repo / ".dvc/cache")
    shutil.rmtree(repo / "datasets/golden/people")
    tdmvc("pull", "golden@1.0.0")


def test_objects_are_pushed_to_a_server_that_takes_uploads_and_repaired_there(
    repo: Path, tdmvc: Tdmvc, http: HttpRemote
) -> None:
    http.takes_uploads = True
    configure(repo, far=http)
    tdmvc("push")
    cut = _largest(http)
    http.write(cut, http.read(cut)[:-1])
    (finding,) = tdmvc("verify", "golden", "--remote", "--format", "json", code=1).json["findings"]
    assert "incomplete" in finding["message"]
    tdmvc("push")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


@pytest.mark.parametrize("header", ["etag", "content-md5"])
def test_a_checksum_that_the_server_sends_is_compared(served: HttpRemote, tdmvc: Tdmvc, header: str) -> None:
    if header == "etag":
        served.etag = lambda data: f'"{_md5(data)}"'
    else:
        served.md5_header = True
    report = tdmvc("verify", "--remote", "--format", "json").json
    assert report["remotes"][0]["compared"] == {"size and checksum": 4}
    _flip(served, _largest(served))
    (finding,) = tdmvc("verify", "golden", "--remote", "--format", "json", code=1).json["findings"]
    assert "altered" in finding["message"]


@pytest.mark.parametrize(
    "etag",
    [
        lambda data: f'"{_md5(data + b"salt")}"',
        lambda data: f'"{_md5(data)}-3"',
        lambda data: f'W/"{_md5(data + b"salt")}"',
        lambda data: f'"{len(data):x}-65a1b2c3"',
        lambda data: '"' + "é" * 32 + '"',
        lambda data: "",
    ],
    ids=["another-hash", "pieces", "weak", "size-and-time", "no-ascii", "empty"],
)
def test_an_etag_that_is_no_hash_of_the_bytes_is_never_taken_for_damage(
    served: HttpRemote, tdmvc: Tdmvc, etag: Callable[[bytes], str]
) -> None:
    served.etag = etag
    report = tdmvc("verify", "--remote", "--format", "json").json
    assert report["findings"] == []
    assert report["remotes"][0]["compared"] == {"size": 4}


def test_the_smallest_objects_are_read_first_and_each_damaged_one_is_found(
    served: HttpRemote, tdmvc: Tdmvc
) -> None:
    """With checksums that are none, an object that is altered and the smallest is found; a larger one is not."""
    served.etag = lambda data: f'"{_md5(data + b"salt")}"'
    smallest = min(served.names(), key=lambda name: (len(served.read(name)), name.replace("/", "")))
    _flip(served, smallest)
    found = tdmvc("verify", "--remote", "--format", "json", code=1).json
    assert found["findings"][0]["details"]["objects"] == 1
    assert found["remotes"][0]["compared"] == {"size": 3}


@pytest.mark.parametrize("status", [401, 403, 407, 500, 503])
def test_a_refusal_is_not_taken_for_an_empty_remote(
    served: HttpRemote, repo: Path, tdmvc: Tdmvc, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HTTPFileSystem, "SESSION_RETRIES", 1)
    served.status = status
    for command in ASKING:
        error = tdmvc(*command.split(), code=6).err
        assert str(status) in error, command
        assert SECRET not in error
    forget_rows(repo)
    assert str(status) in tdmvc("pull", code=6).err


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nno header at all\r\n\r\n"], ids=["none", "nonsense"]
)
def test_a_server_that_does_not_speak_http_is_not_taken_for_an_empty_one(
    repo: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(HTTPFileSystem, "SESSION_RETRIES", 1)
    with answering(answer) as port:
        configure(repo, far={"url": f"http://127.0.0.1:{port}/"})
        for command in ("push", "verify --remote"):
            assert "The remote 'far' failed" in tdmvc(*command.split(), code=6).err


@pytest.mark.parametrize("received", [300, 2_000])
def test_a_connection_that_breaks_is_not_taken_for_a_missing_object(
    served: HttpRemote, repo: Path, tdmvc: Tdmvc, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HTTPFileSystem, "SESSION_RETRIES", 1)
    forget_rows(repo)
    proxy = CuttingProxy(served.port, received=received)
    configure(repo, far={**served.settings(), "url": f"http://127.0.0.1:{proxy.port}/"})
    error = tdmvc("pull", code=6).err
    assert proxy.has_cut
    assert "it cannot be reached" in error
    configure(repo, far=served)
    tdmvc("pull")
    assert tdmvc("verify", "--format", "json").json["findings"] == []


def test_without_a_terminal_a_password_is_not_asked_for(
    served: HttpRemote, repo: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    settings = {**served.settings(), "ask_password": "true"}
    del settings["password"]
    configure(repo, far=settings)
    error = tdmvc("push", code=6).err
    assert "it asks for a password, and there is no terminal to ask on" in error
    assert "`dvc remote modify --local far password PASSWORD`" in error
