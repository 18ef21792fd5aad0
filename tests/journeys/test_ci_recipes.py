"""The recipes for environments in CI follow the hosts' schemas, and their commands and environments exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from tdmvc.cli.group import cli
from tdmvc.formats.config import parse_config
from tests.yaml_files import load_yaml

PAGE = Path(__file__).parents[2] / "docs" / "ci-environments.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
GITHUB = [text for text in BLOCKS if "runs-on:" in text]
GITLAB = [text for text in BLOCKS if "script:" in text]


@pytest.mark.parametrize(
    ("recipes", "schema"), [(GITHUB, "vendor.github-workflows"), (GITLAB, "vendor.gitlab-ci")]
)
def test_recipes_follow_the_hosts_schemas(tmp_path: Path, recipes: list[str], schema: str) -> None:
    assert len(recipes) == 2
    paths = [tmp_path / f"{number}.yml" for number in range(len(recipes))]
    for path, text in zip(paths, recipes, strict=True):
        path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_of_the_page_exists() -> None:
    lines = re.findall(r"^(?:\s+- run: |\s+- )?(tdmvc .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        name, *words = shlex.split(line)[1:]
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, line
        command.make_context(name, words)


def test_the_environments_of_the_page_are_valid() -> None:
    (text,) = [text for text in BLOCKS if text.startswith("environments:")]
    environments = {
        one.name: one for one in parse_config(f"format: tdmvc/1\n{text}", "tdmvc.yaml").environments
    }
    for recipe in (*GITHUB, *GITLAB):
        for name in re.findall(r"--env (\w+)", recipe):
            variable = environments[name].database.strip("${}")
            assert variable in _variables(load_yaml(recipe))


def _variables(value: Any) -> set[str]:
    """Return the names of all keys."""
    if isinstance(value, dict):
        return {str(key) for key in value} | set().union(*map(_variables, value.values()))
    if isinstance(value, list):
        return set().union(*map(_variables, value))
    return set()
