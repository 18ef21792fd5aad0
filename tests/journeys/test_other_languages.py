"""The examples in other languages: their own test runners reset and borrow databases through the endpoint."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import commit_all, git

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "tests" / "oracles" / "node_modules"
JARS = Path("/usr/share/java")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's datasets and examples, in a repository of their own."""
    project = tmp_path_factory.mktemp("languages") / "project"
    for name in ("datasets", "examples", "tdmvc/demo"):
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(ROOT / name, project / name, ignore=ignored)
    (project / ".dvc").mkdir()
    for name in (".dvc/config", ".dvcignore", ".gitignore", "dvc.lock", "dvc.yaml", "tdmvc.yaml"):
        shutil.copy(ROOT / name, project / name)
    git(project, "init", "-q", "-b", "main")
    commit_all(project, "examples")
    return project


def run_in(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command through `tdmvc run`, as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "tdmvc", "run", "--", *command],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def need(found: bool, what: str) -> None:
    if not found:
        if "CI" in os.environ:
            pytest.fail(f"{what} is missing")
        pytest.skip(f"{what} is missing")


def test_tests_of_node_reset_the_database_and_get_databases_of_their_own(project: Path) -> None:
    need(shutil.which("node") is not None, "Node.js")
    need((MODULES / "@devoxa" / "integresql-client").exists(), "the client of IntegreSQL (`make oracles`)")
    folder = project / "examples" / "node"
    (folder / "node_modules").symlink_to(MODULES)
    done = run_in(folder, "node", "--test", "--test-reporter=tap")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^# pass 6$", done.stdout, re.MULTILINE), done.stdout


def test_tests_of_java_reset_the_database(project: Path) -> None:
    need(shutil.which("javac") is not None, "a JDK")
    need((JARS / "junit-platform-console-standalone.jar").exists(), "JUnit 5 (Debian's junit5)")
    need((JARS / "postgresql.jar").exists(), "PostgreSQL's JDBC driver (Debian's libpostgresql-jdbc-java)")
    done = run_in(project / "examples" / "java", "./run-tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 tests successful" in done.stdout
