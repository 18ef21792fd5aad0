"""What several journeys share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tdmvc.gitrepo.config import wanted_settings
from tests.builders import Shop, Tdmvc, copy_repo, git, quiet_shop
from tests.journeys.command_runner import CommandRunner


@pytest.fixture(scope="module", autouse=True)
def fast_drivers(fast_python: Path) -> Iterator[None]:
    """`tdmvc install` lets Git run its drivers with the stand-in."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tdmvc.actions.install.wanted_settings", lambda: wanted_settings(str(fast_python)))
        yield


@pytest.fixture(scope="session")
def shop_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop on main, with its first commit, made once."""
    app = copy_repo(template, tmp_path_factory.mktemp("shop") / "app")
    quiet_shop(app).commit("Shop")
    return app


@pytest.fixture
def shop(shop_template: Path, repo: Path, tdmvc: Tdmvc) -> Shop:
    """The shop in the place of `repo`, with an index that knows the copied files."""
    shutil.rmtree(repo)
    copy_repo(shop_template, repo)
    git(repo, "update-index", "-q", "--refresh")
    return Shop(repo, tdmvc)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[CommandRunner]:
    """A runner of commands in processes of their own, whose output goes to files beside the repository."""
    (tmp_path / "said").mkdir()
    opened = CommandRunner(tmp_path / "said")
    yield opened
    opened.close()
