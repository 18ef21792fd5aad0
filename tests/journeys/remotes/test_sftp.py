"""A folder on an SSH server: log-ins that need a person, faults of the server, and connections that break."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import asyncssh
import pytest

from tests.builders import Tdmvc, commit_all, copy_repo
from tests.journeys.remotes.conftest import forget_rows
from tests.journeys.remotes.servers import SECRET, USER, CuttingProxy, SftpRemote, configure

ASKING = ("push", "verify --remote", "check --pushed", "status --remote")


def _without_password(remote: SftpRemote) -> dict[str, object]:
    return {"url": remote.settings()["url"]}


def _has_asked(error: str) -> bool:
    return any(
        word in error for word in ("assword:", "Enter ", "Password input may be echoed", "passphrase for")
    )


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({}, "password"),
        ({"ask_password": "true"}, "password"),
        ({"ask_passphrase": "true", "password": SECRET}, "passphrase"),
        ({"password": "wrong-Word"}, "password"),
    ],
)
def test_without_a_terminal_a_password_is_not_asked_for(
    repo: Path,
    published: Path,
    tdmvc: Tdmvc,
    sftp: SftpRemote,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    more: dict[str, str],
    missing: str,
) -> None:
    monkeypatch.setenv("CI", "true")
    configure(repo, far={**_without_password(sftp), **more})
    commit_all(repo, "Remote")
    for command in ASKING:
        error = tdmvc(*command.split(), code=6).err
        assert "there is no terminal to ask" in error
        assert f"`dvc remote modify --local far {missing} {missing.upper()}`" in error
        assert "wrong-Word" not in error
        assert not _has_asked(error)
    forget_rows(repo)
    assert "there is no terminal to ask" in tdmvc("pull", code=6).err
    # The advice, followed.
    (repo / ".dvc" / "config.local").write_text(f"['remote \"far\"']\n    {missing} = {SECRET}\n")
    restored = copy_repo(published, tmp_path / "restored")
    shutil.copytree(repo / ".dvc", restored / ".dvc", dirs_exist_ok=True)
    tdmvc("push", folder=restored)
    tdmvc("pull")


def test_a_command_in_a_session_without_a_terminal_ends_at_once(repo: Path, sftp: SftpRemote) -> None:
    """A hook of an IDE: no terminal, and a standard input on which nothing ever comes."""
    configure(repo, far=_without_password(sftp))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    environment.pop("CI", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "tdmvc", "-C", str(repo), "push"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    started = time.monotonic()
    while process.poll() is None and time.monotonic() - started < 60:
        time.sleep(0.02)
    process.kill()
    _, error = process.communicate()
    assert process.returncode == 6, error
    assert "there is no terminal to ask for a password or passphrase on" in error
    assert not _has_asked(error)


def test_a_key_with_a_passphrase_is_not_asked_about(
    repo: Path, tdmvc: Tdmvc, sftp: SftpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "home/.ssh").mkdir(parents=True)
    key.write_private_key(tmp_path / "home/.ssh/id_ed25519", passphrase="open-Sesame")
    configure(repo, far=_without_password(sftp))
    assert "there is no terminal to ask" in tdmvc("push", code=6).err
    configure(repo, far={**_without_password(sftp), "keyfile": tmp_path / "home/.ssh/id_ed25519"})
    error = tdmvc("push", code=6).err
    assert "no usable credentials: Passphrase must be specified" in error
    assert "a key without a passphrase" in error


@pytest.mark.parametrize(
    "password", ["s3cret-Words", "s3cret/Words", "s3cret%2FWords", "s3cret@Words", "s3cret#Words"]
)
def test_a_password_in_the_address_is_in_no_message(repo: Path, tdmvc: Tdmvc, password: str) -> None:
    configure(repo, far={"url": f"ssh://{USER}:{password}@127.0.0.1:9/store"})
    commit_all(repo, "Remote")
    for command in (*ASKING, "gc --remote", "gc --remote --format json"):
        ran = tdmvc(*command.split(), code=None)
        assert ran.code in (1, 2, 6), command
        assert "s3cret" not in ran.out + ran.err, command
        assert "Words" not in ran.out + ran.err, command


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (asyncssh.SFTPPermissionDenied("Permission denied"), "access is denied: Permission denied"),
        (OSError(30, "Read-only file system"), "see whether its disk is full or read-only"),
        (OSError(28, "No space left on device"), "see whether its disk is full or read-only"),
    ],
    ids=["forbidden", "read-only", "full"],
)
def test_a_server_that_cannot_write_gives_rows_and_says_why_it_takes_none(
    repo: Path, tdmvc: Tdmvc, sftp: SftpRemote, tmp_path: Path, fault: Exception, said: str
) -> None:
    configure(repo, far=sftp)
    tdmvc("push")
    before = sftp.names()
    sftp.fault = fault
    tdmvc("push")
    (tmp_path / "orders.csv").write_text("id,status\n1,open\n2,paid\n3,new\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    error = tdmvc("push", code=6).err
    assert said in error
    assert SECRET not in error
    assert sftp.names() == before
    assert tdmvc("status", "--remote", "--format", "json").json["datasets"][0]["not_pushed"] == 2
    sftp.fault = None
    tdmvc("push")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


def test_a_push_that_is_cut_off_leaves_nothing_under_an_objects_name_and_can_be_repeated(
    repo: Path, tdmvc: Tdmvc, sftp: SftpRemote, tmp_path: Path
) -> None:
    rows = "".join(f"{n},{hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(4_000))
    (tmp_path / "people.csv").write_text(f"id,name\n{rows}")
    tdmvc("add", "golden", tmp_path / "people.csv")
    proxy = CuttingProxy(sftp.port, sent=40_000)
    configure(repo, far={**sftp.settings(), "url": f"ssh://{USER}@127.0.0.1:{proxy.port}/"})
    error = tdmvc("push", code=6).err
    assert proxy.has_cut
    assert "The remote 'far' failed" in error
    configure(repo, far=sftp)
    cache = repo / ".dvc/cache"
    for name in sftp.names():
        assert name.endswith(".tmp") or sftp.read(name) == (cache / name).read_bytes()
    tdmvc("push")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


def test_a_pull_that_is_cut_off_leaves_nothing_incomplete_and_can_be_repeated(
    repo: Path, tdmvc: Tdmvc, sftp: SftpRemote
) -> None:
    configure(repo, far=sftp)
    tdmvc("push")
    forget_rows(repo)
    proxy = CuttingProxy(sftp.port, received=5_000)
    configure(repo, far={**sftp.settings(), "url": f"ssh://{USER}@127.0.0.1:{proxy.port}/"})
    assert "The remote 'far' failed" in tdmvc("pull", code=6).err
    assert proxy.has_cut
    configure(repo, far=sftp)
    tdmvc("pull")
    assert tdmvc("verify", "--format", "json").json["findings"] == []


def test_a_server_that_cannot_be_reached_is_reported_as_such(repo: Path, tdmvc: Tdmvc) -> None:
    configure(repo, far={"url": f"ssh://{USER}@127.0.0.1:9/store", "password": SECRET})
    for command in ("push", "verify --remote"):
        assert "it cannot be reached" in tdmvc(*command.split(), code=6).err
