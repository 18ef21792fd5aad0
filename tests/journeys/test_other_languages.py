"""The examples in other languages: their own test runners reset and borrow databases through the endpoint."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.journeys.example_projects import ROOT, copy_examples, run_in

RUN = ("tdmvc", "run", "--")
MODULES = ROOT / "tests" / "oracles" / "node_modules"
JARS = Path("/usr/share/java")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's datasets and examples, in a repository of their own."""
    return copy_examples(tmp_path_factory.mktemp("languages") / "project")


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
    done = run_in(folder, *RUN, "node", "--test", "--test-reporter=tap")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^# pass 6$", done.stdout, re.MULTILINE), done.stdout


def test_tests_of_java_reset_the_database(project: Path) -> None:
    need(shutil.which("javac") is not None, "a JDK")
    need((JARS / "junit-platform-console-standalone.jar").exists(), "JUnit 5 (Debian's junit5)")
    need((JARS / "postgresql.jar").exists(), "PostgreSQL's JDBC driver (Debian's libpostgresql-jdbc-java)")
    done = run_in(project / "examples" / "java", *RUN, "./run-tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 tests successful" in done.stdout
