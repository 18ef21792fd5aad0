"""What holds for every kind of remote: what it lacks or has damaged is found and repaired, and never used."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.store import dvc
from tests.builders import Tdmvc, commit_all
from tests.journeys.remotes.conftest import forget_rows
from tests.journeys.remotes.servers import FolderRemote, Remote, configure
from tests.series import long_only

FAULTS: dict[str, Callable[[Remote, str], None]] = {
    "cut": lambda remote, name: remote.write(name, remote.read(name)[:-1]),
    "empty": lambda remote, name: remote.write(name, b""),
    "longer": lambda remote, name: remote.write(name, remote.read(name) + b" "),
    "removed": lambda remote, name: remote.remove(name),
}


def _flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


@pytest.fixture
def pushed(repo: Path, far: Remote, tdmvc: Tdmvc) -> Remote:
    configure(repo, far=far)
    commit_all(repo, "Remote")
    tdmvc("push")
    return far


def test_what_is_lost_or_cut_is_found_and_the_advised_push_repairs_it(
    pushed: Remote, repo: Path, tdmvc: Tdmvc
) -> None:
    whole = {name: pushed.read(name) for name in pushed.names()}
    for name, fault in zip(whole, FAULTS, strict=True):
        FAULTS[fault](pushed, name)
    checked = tdmvc("check", "--pushed", "--format", "json", code=1).json["findings"]
    found = tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
    for findings in (checked, found):
        counts = Counter({"damaged-on-remote": 0, "not-on-remote": 0})
        for one in findings:
            counts[one["rule"]] += one["details"]["objects"]
        assert counts == {"damaged-on-remote": 3, "not-on-remote": 1}
    assert tdmvc("status", "--remote", "--format", "json").json["datasets"][0]["not_pushed"] == 4
    for remedy in {one["remedy"] for one in found}:
        tdmvc(*remedy.split("`")[1].split()[1:])
    assert {name: pushed.read(name) for name in pushed.names()} == whole
    forget_rows(repo)
    tdmvc("pull")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


def test_a_damaged_object_is_fetched_from_the_release_remote(
    pushed: Remote, repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    configure(repo, far=pushed, archive=FolderRemote(tmp_path / "archive"))
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    tdmvc("push", "golden@1.0.0", "--remote", "archive")
    for number, name in enumerate(pushed.names()):
        data = pushed.read(name)
        pushed.write(name, data[:-1] if number % 2 else _flipped(data))
    forget_rows(repo)
    assert "came from the remote 'archive'" in tdmvc("pull", "golden@1.0.0").err
    tdmvc("checkout", "golden@1.0.0")
    assert tdmvc("sql", "select count(*) from people", "--format", "json").json["rows"] == [[199]]
    tdmvc("push", "golden@1.0.0")
    deep = tdmvc("verify", "golden@1.0.0", "--deep", "--format", "json", code=None).json
    assert sum(one["details"]["objects"] for one in deep["findings"]) == (
        0 if _tells_checksums(pushed) else 2
    )


def _tells_checksums(remote: Remote) -> bool:
    return str(remote.settings()["url"]).startswith("s3:")


def test_an_altered_object_of_the_same_size_is_found_as_far_as_the_remote_tells(
    pushed: Remote, repo: Path, tdmvc: Tdmvc
) -> None:
    part = next(name for name in pushed.names() if not name.endswith(".dir"))
    pushed.write(part, _flipped(pushed.read(part)))
    if _tells_checksums(pushed):
        (finding,) = tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
        assert finding["rule"] == "damaged-on-remote"
        assert "altered" in finding["message"]
        tdmvc("check", "--pushed", code=1)
        tdmvc("push")
    else:
        report = tdmvc("verify", "--remote", "--format", "json").json
        assert report["remotes"][0]["compared"] == {"size": 4}
        (finding,) = tdmvc("verify", "--deep", "--format", "json", code=1).json["findings"]
        assert part in finding["remedy"]
        pushed.remove(part)
        tdmvc("push")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


@long_only
def test_what_was_compared_is_said(pushed: Remote, tdmvc: Tdmvc, repo: Path) -> None:
    how = "size and checksum" if _tells_checksums(pushed) else "size"
    pushed_again = tdmvc("push", "--format", "json").json
    assert pushed_again["compared"] == [{"remote": "far", "objects": 4, "compared": {how: 4}}]
    assert f"verified  by {how}" in tdmvc("push").out
    assert f"4 objects compared by {how}" in tdmvc("verify", "--remote").out
    assert tdmvc("verify", "--deep", "--format", "json").json["remotes"][0]["compared"] == {"bytes": 4}
    assert f"on far compared by {how}" in " ".join(tdmvc("check", "--pushed").out.split())
    # Without rows here, there is no size to compare with.
    oids = [path.parent.name + path.name for path in (repo / ".dvc/cache/files/md5").glob("*/*")]
    shutil.rmtree(repo / ".dvc/cache")
    asked = dvc.compare(repo, oids)
    expected = "checksum" if _tells_checksums(pushed) else "presence"
    assert {str(one) for one in asked.compared.values()} == {expected}


def test_garbage_is_found_and_removed(pushed: Remote, repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    kept = set(pushed.names())
    (tmp_path / "orders.csv").write_text("id,status\n7,lost\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    tdmvc("push", "golden")
    lost = set(pushed.names()) - kept
    assert len(lost) == 2
    (tmp_path / "orders.csv").write_text("id,status\n1,open\n2,paid\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    tdmvc("gc", "--remote", "--alone", "--grace", "0", "--apply")
    assert set(pushed.names()) == kept
