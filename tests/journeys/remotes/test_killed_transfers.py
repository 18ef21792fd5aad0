"""A push or a pull that is killed at any moment: no object is ever incomplete, and the same command finishes it."""

import hashlib
import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.builders import Tdmvc
from tests.journeys.command_runner import CommandRunner, Kill
from tests.journeys.remotes.conftest import forget_rows
from tests.journeys.remotes.servers import Remote, configure
from tests.series import IS_LONG, trials


def _incomplete(objects: dict[str, bytes]) -> list[str]:
    """Return the files under an object's name that have other bytes."""
    return [
        name
        for name, data in objects.items()
        if not name.endswith(".tmp")
        and hashlib.md5(data, usedforsecurity=False).hexdigest()
        != "".join(name.split("/")[-2:]).removesuffix(".dir")
    ]


@pytest.mark.parametrize("far", ["folder", "s3", "sftp"] if IS_LONG else ["sftp"], indirect=True)
def test_a_transfer_that_is_killed_leaves_nothing_incomplete_and_is_finished_by_the_same_command(
    repo: Path, far: Remote, tdmvc: Tdmvc, runner: CommandRunner, tmp_path: Path
) -> None:
    (repo / "datasets/many").mkdir()
    (repo / "datasets/many/dataset.yaml").write_text(
        "format: tdmvc.dataset/1\nname: many\nkind: golden\npart_rows: 16\n"
    )
    rows = "".join(f"{n},{hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(trials(600, 240)))
    (tmp_path / "words.csv").write_text(f"id,word\n{rows}")
    tdmvc("add", "many", tmp_path / "words.csv", "--key", "words=id")
    configure(repo, far=far)
    seconds = runner.run(["-C", repo, "push"]).seconds
    cache = repo / ".dvc/cache"
    instants = random.Random(51)
    killed = 0
    for _ in range(trials(40, 1)):
        for name in far.names():
            far.remove(name)
        ran = runner.run(
            ["-C", repo, "push"], kill=Kill(signal.SIGKILL, after=seconds * instants.uniform(0.3, 1.0))
        )
        killed += ran.codes == [-9]
        assert _incomplete({name: far.read(name) for name in far.names()}) == []
        tdmvc("push")
        assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []
        forget_rows(repo)
        shutil.rmtree(repo / "datasets/many/words")
        runner.run(
            ["-C", repo, "pull"], kill=Kill(signal.SIGKILL, after=seconds * instants.uniform(0.3, 1.0))
        )
        files = (
            [path for path in (cache / "files/md5").rglob("*") if path.is_file()] if cache.exists() else []
        )
        assert _incomplete({str(path): path.read_bytes() for path in files}) == []
        tdmvc("pull")
        tdmvc("pull", "golden@1.0.0")
        assert tdmvc("verify", "--format", "json").json["findings"] == []
    assert killed >= trials(20, 0)
