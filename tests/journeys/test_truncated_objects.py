"""A remote whose objects were cut off: they are found, repaired, and never used."""

import os
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.builders import Tdmvc, add_remotes, add_tables, commit_all, copy_repo, git, publish, run_quietly


@pytest.fixture(scope="module")
def pushed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0 on a default remote and a release remote."""
    app = copy_repo(template, tmp_path_factory.mktemp("pushed") / "app")
    add_remotes(app, "origin", "archive")
    with (app / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    add_tables(app, {"orders": "id,status\n1,open\n2,paid\n"})
    publish(app)
    return app


@pytest.fixture
def repo(pushed: Path, tmp_path: Path) -> Path:
    app = copy_repo(pushed, tmp_path / "app")
    config = app / ".dvc" / "config"
    config.write_text(config.read_text().replace(str(pushed.parent), str(tmp_path)))
    run_quietly(app, "push")
    run_quietly(app, "push", "golden@1.0.0", "--remote", "archive")
    return app


def _cut(folder: Path, *, of: Callable[[Path], bool] = lambda path: True) -> list[Path]:
    cut = [path for path in folder.rglob("*") if path.is_file() and of(path)]
    for path in cut:
        path.chmod(0o644)
        os.truncate(path, path.stat().st_size // 2)
    return cut


@pytest.mark.parametrize(
    "of",
    [lambda path: True, lambda path: path.suffix == ".dir", lambda path: path.suffix != ".dir"],
    ids=["all", "listings", "parts"],
)
def test_verify_and_check_find_them_and_the_advised_push_repairs_them(
    repo: Path, tdmvc: Tdmvc, of: Callable[[Path], bool]
) -> None:
    cut = _cut(repo.parent / "origin", of=of)
    assert cut
    tdmvc("check", "--pushed", code=1)
    found = tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
    assert {finding["rule"] for finding in found} == {"damaged-on-remote"}
    for remedy in {finding["remedy"] for finding in found}:
        tdmvc(*remedy.split("`")[1].split()[1:])
    tdmvc("verify", "--remote", "--deep")
    tdmvc("check", "--pushed")


def test_rows_come_from_the_release_remote_instead(repo: Path, tdmvc: Tdmvc) -> None:
    _cut(repo.parent / "origin")
    shutil.rmtree(repo / ".dvc" / "cache")
    shutil.rmtree(repo / "datasets/golden/orders")
    assert "came from the remote 'archive'" in tdmvc("pull", "golden@1.0.0").err
    tdmvc("checkout", "golden")
    tdmvc("verify")


def test_if_every_remote_has_cut_objects_the_error_says_so(repo: Path, tdmvc: Tdmvc) -> None:
    _cut(repo.parent / "origin")
    _cut(repo.parent / "archive")
    shutil.rmtree(repo / ".dvc" / "cache")
    shutil.rmtree(repo / "datasets/golden/orders")
    assert "damaged" in tdmvc("pull", "golden@1.0.0", code=6).err


def test_a_publish_whose_push_fails_says_that_the_version_is_written_and_how_to_push_it(
    repo: Path, tdmvc: Tdmvc
) -> None:
    origin, away = repo.parent / "origin", repo.parent / "away"
    origin.rename(away)
    origin.write_text("not a folder\n")
    error = tdmvc("publish", "golden", "1.0.1", "--allow-unchanged", "--push", code=6).err
    assert "golden@1.0.1 was published, but not pushed." in error
    assert (repo / "datasets/golden/versions/1.0.1.yaml").exists()
    origin.unlink()
    away.rename(origin)
    for command in [text for text in error.split("`") if text.startswith("tdmvc push")]:
        tdmvc(*command.split()[1:])
    commit_all(repo, "Publish")
    tdmvc("verify", "--remote")


def test_a_fresh_clone_does_not_know_what_is_pushed_until_it_asks(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    commit_all(repo, "Remotes")
    git(repo, "clone", "-q", str(repo), str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    shown = tdmvc("status", folder=clone).out
    assert "not known" in shown
    assert "everything is pushed" not in shown
    assert "tdmvc status --remote" in shown
    asked = tdmvc("status", "--remote", "--format", "json", folder=clone).json["datasets"][0]
    assert (asked["not_pushed"], asked["not_known"]) == (0, 0)
    shutil.rmtree(tmp_path / "origin" / "files")
    shutil.rmtree(clone / ".git" / "tdmvc")
    assert "not pushed" in tdmvc("status", "--remote", folder=clone).out


@pytest.fixture
def forbidding() -> Iterator[str]:
    """The URL of a server that refuses everything."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(403, "Forbidden")

        do_HEAD = do_PUT = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/store"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("command", ["push", "verify --remote", "status --remote", "check --pushed"])
def test_a_remote_that_forbids_is_not_taken_for_an_empty_one(
    repo: Path, tdmvc: Tdmvc, forbidding: str, command: str
) -> None:
    config = repo / ".dvc" / "config"
    config.write_text(config.read_text().replace(f"url = {repo.parent / 'origin'}", f"url = {forbidding}"))
    assert "403" in tdmvc(*command.split(), code=6).err


def test_without_a_remote_the_hints_name_the_command_that_adds_one(repo: Path, tdmvc: Tdmvc) -> None:
    assert "dvc remote add" not in tdmvc("publish", "golden", "1.0.1", "--allow-unchanged").out
    (repo / ".dvc" / "config").write_text("")
    assert "dvc remote add -d NAME URL" in tdmvc("publish", "golden", "1.0.2", "--allow-unchanged").out


def test_without_a_remote_missing_rows_name_the_command_that_adds_one(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    git(repo, "clone", "-q", str(repo), str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    (clone / ".dvc" / "config").write_text("")
    error = tdmvc("pull", folder=clone, code=6).err
    assert "`dvc remote add -d NAME URL`" in error
