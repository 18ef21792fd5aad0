"""The example applications: their tests pass where they are, and in a repository that is made as their README says."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Tdmvc
from tests.journeys.example_projects import ROOT, copy_examples, run_in
from tests.series import IS_LONG, long_only

EXAMPLES = ("shop-sqlalchemy", "shop-django")
PUBLISHED = ("golden@1.0.2", "reference@1.0.1", "warehouse@1.0.1")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's datasets and examples, in a repository of their own."""
    return copy_examples(tmp_path_factory.mktemp("examples") / "project")


@dataclass(frozen=True)
class Programs:
    """What runs the examples: commands as people have them in a long run, and otherwise the stand-in for Python."""

    tdmvc: tuple[str, ...]
    pytest: tuple[str, ...]

    def run(self, folder: Path, *words: str) -> tuple[dict[str, Any], str]:
        """Run `tdmvc run`; return the steps of the environment by name, and what the command printed."""
        done = run_in(folder, *self.tdmvc, "run", "--format", "json", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return {step["name"]: step for step in json.loads(done.stdout)["steps"]}, done.stderr


@pytest.fixture(scope="module")
def programs(fast_python: Path) -> Programs:
    if IS_LONG:
        return Programs(("tdmvc",), ("pytest",))
    return Programs((str(fast_python), "-m", "tdmvc"), (str(fast_python), "-m", "pytest"))


def count_passed(said: str) -> int:
    """Return how many tests passed, as pytest said."""
    passed = re.search(r"^(\d+) passed", said, re.MULTILINE)
    assert passed is not None, said
    return int(passed[1])


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_passes_where_it_is_and_later_runs_need_no_migrations(
    project: Path, example: str, programs: Programs
) -> None:
    folder = project / "examples" / example
    is_whole = IS_LONG or example == EXAMPLES[0]

    tests = () if is_whole else ("tests/test_database.py",)
    steps, said = programs.run(folder, "--rebuild", "--", *programs.pytest, "-q", "-n", "0", *tests)
    assert not steps["migrate"]["is_skipped"]
    assert count_passed(said) > 20 if is_whole else count_passed(said) == 5

    if is_whole:
        command = (*programs.pytest, "-q", "-n", "0", "tests/test_database.py") if IS_LONG else ("true",)
        steps, said = programs.run(folder, "--", *command)
        assert steps["migrate"]["is_skipped"]
        assert not IS_LONG or count_passed(said) == 5


def test_the_published_datasets_keep_every_rule(project: Path, tdmvc: Tdmvc) -> None:
    """Their rows come from the remote in the repository."""
    reports = tdmvc("validate", *PUBLISHED, "--fail-on", "warning", "--format", "json", folder=project).json
    assert [report["subject"] for report in reports] == list(PUBLISHED)
    for report in reports:
        latest = (project / "datasets" / report["subject"].partition("@")[0] / "contract.yaml").read_text()
        assert (project / report["contract"]).read_text() == latest


@long_only
@pytest.mark.parametrize("example", EXAMPLES)
def test_four_workers_each_have_a_database(project: Path, example: str, programs: Programs) -> None:
    _, said = programs.run(project / "examples" / example, "--", *programs.pytest, "-q", "-n", "4")
    assert count_passed(said) > 20


@long_only
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_repository_of_its_own_is_made_as_the_readme_says(tmp_path: Path, example: str) -> None:
    readme = (ROOT / "examples" / example / "README.md").read_text(encoding="utf-8")
    script = readme.partition("## In a repository of its own")[2].partition("```sh\n")[2].partition("```")[0]

    done = run_in(tmp_path, "bash", "-euc", script, TDMVC=str(ROOT))

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d\d passed in ", done.stdout), done.stdout
