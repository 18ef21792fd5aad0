"""The example applications: their tests pass where they are, and in a repository that is made as their README says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.example_projects import ROOT, copy_examples, run_in
from tests.series import long_only

EXAMPLES = ("shop-sqlalchemy", "shop-django")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's datasets and examples, in a repository of their own."""
    return copy_examples(tmp_path_factory.mktemp("examples") / "project")


def run_tests(folder: Path, *words: str) -> tuple[dict[str, Any], int]:
    """Run `tdmvc run` with pytest; return the steps of the environment by name, and how many tests passed."""
    done = run_in(folder, "tdmvc", "run", "--format", "json", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed", done.stderr, re.MULTILINE)
    assert passed is not None, done.stderr
    return {step["name"]: step for step in json.loads(done.stdout)["steps"]}, int(passed[1])


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_passes_where_it_is_and_later_runs_need_no_migrations(project: Path, example: str) -> None:
    folder = project / "examples" / example

    steps, passed = run_tests(folder, "--rebuild", "--", "pytest", "-q", "-n", "0")
    assert not steps["migrate"]["is_skipped"]
    assert passed > 20

    steps, passed = run_tests(folder, "--", "pytest", "-q", "-n", "0", "tests/test_database.py")
    assert steps["migrate"]["is_skipped"]
    assert passed == 5


@long_only
@pytest.mark.parametrize("example", EXAMPLES)
def test_four_workers_each_have_a_database(project: Path, example: str) -> None:
    assert run_tests(project / "examples" / example, "--", "pytest", "-q", "-n", "4")[1] > 20


@long_only
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_repository_of_its_own_is_made_as_the_readme_says(tmp_path: Path, example: str) -> None:
    readme = (ROOT / "examples" / example / "README.md").read_text(encoding="utf-8")
    script = readme.partition("## In a repository of its own")[2].partition("```sh\n")[2].partition("```")[0]

    done = run_in(tmp_path, "bash", "-euc", script, TDMVC=str(ROOT))

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d\d passed in ", done.stdout), done.stdout
