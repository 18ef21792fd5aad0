"""Which environment a command takes: by name, or by the folder in which it is run."""

from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.environments.planning.selection import find_environment
from tdmvc.errors import NotFoundError
from tdmvc.model.environment import Environment
from tdmvc.workspace.workspace import Workspace


def choose(repo: Path, environments: tuple[Environment, ...], folder: str, name: str | None = None) -> str:
    for one in environments:
        (repo / one.folder).mkdir(parents=True, exist_ok=True)
    with Workspace.open(repo) as workspace:
        workspace.config = replace(workspace.config, environments=environments)
        return find_environment(workspace, name, repo / folder).name


@pytest.mark.parametrize(
    ("environments", "folder", "expected"),
    [
        ((), ".", "local"),
        ((Environment("ci"), Environment("local")), ".", "local"),
        ((Environment("ci"), Environment("nightly")), "src", "ci"),
        ((Environment("ci"), Environment("shop", folder="apps/shop")), "apps/shop/tests", "shop"),
        ((Environment("ci"), Environment("shop", folder="apps/shop")), "apps/shopping", "ci"),
        ((Environment("apps", folder="apps"), Environment("shop", folder="apps/shop")), "apps/shop", "shop"),
        ((Environment("a", folder="x"), Environment("local", folder="x")), "x", "local"),
    ],
)
def test_the_deepest_folder_wins_then_local_then_the_first(
    repo: Path, environments: tuple[Environment, ...], folder: str, expected: str
) -> None:
    assert choose(repo, environments, folder) == expected


def test_a_folder_without_environment_names_those_that_there_are(repo: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        choose(repo, (Environment("shop", folder="apps/shop"),), "src")
    assert "--env: shop" in caught.value.remedy


def test_an_unknown_name_is_refused_with_similar_ones(repo: Path) -> None:
    with pytest.raises(NotFoundError, match="no environment 'locla'"):
        choose(repo, (), ".", "locla")
