"""A shop with an environment, and what runs pytest in it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.builders import commit_all, git, run_quietly

ENVIRONMENTS = """environments:
  local:
    database: embedded
    datasets: [golden@2.0.0]
    exports: {DATABASE_URL: "{url}", SHOP_DATABASE: "{name}"}
"""


PLUGINS = ("-p", "xdist", "-p", "tdmvc.pytest_plugin")
"""The only ones of most child runs: to import all that are installed here takes a second, in each worker, too."""
ALL_PLUGINS = () if entry_points(group="pytest11", name="tdmvc") else ("-p", "tdmvc.pytest_plugin")
"""An environment that was installed before the plugin was made does not know it yet."""


@dataclass(frozen=True)
class Outcome:
    """What a child run of pytest printed and reported."""

    code: int
    out: str
    results: Mapping[str, str]
    """`passed`, `failed`, `error` or `skipped` by the name of the test."""

    def count(self, kind: str) -> int:
        return sum(result == kind for result in self.results.values())


RunPytest = Callable[..., Outcome]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the dataset golden in two versions, and an environment with an embedded PostgreSQL."""
    folder = tmp_path_factory.mktemp("plugin")
    app = folder / "app"
    app.mkdir()
    git(app, "init", "-q", "-b", "main")
    run_quietly(app, "init")
    for version, status in (("1.0.0", "paid"), ("2.0.0", "refunded")):
        (folder / "customers.csv").write_text("id,name\n1,Ana\n2,Bo\n")
        (folder / "orders.csv").write_text(f"id,customer_id,status\n1,1,{status}\n2,2,open\n3,2,open\n")
        run_quietly(app, "add", "golden", folder / "customers.csv", folder / "orders.csv")
        commit_all(app, version)
        run_quietly(app, "publish", "golden", version)
        commit_all(app, f"publish {version}")
    with (app / "tdmvc.yaml").open("a") as file:
        file.write(ENVIRONMENTS)
    commit_all(app, "environments")
    return app


@pytest.fixture(scope="session")
def run_pytest(shop: Path) -> RunPytest:
    """Write test files beside the shop's datasets, run pytest in a process of its own, and return what it reported."""
    numbers = count(1)

    def run(
        files: Mapping[str, str],
        *options: str,
        environment: Mapping[str, str] | None = None,
        has_all_plugins: bool = False,
    ) -> Outcome:
        tests = shop / "tests" / f"run_{next(numbers)}"
        tests.mkdir(parents=True)
        for name, text in files.items():
            (tests / name).write_text(text)
        report = tests / "report.xml"
        return run_in(shop, report, *options, tests, environment=environment, has_all_plugins=has_all_plugins)

    return run


def run_in(
    root: Path,
    report: Path,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    has_all_plugins: bool = False,
) -> Outcome:
    """Run pytest in a process of its own, in the root of a repository, and return what it reported."""
    plugins = ALL_PLUGINS if has_all_plugins else PLUGINS
    options = ("-q", "-p", "no:cacheprovider", *plugins, f"--rootdir={root}", f"--junit-xml={report}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if not has_all_plugins:
        kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, arguments)],
        cwd=root,
        env=kept | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=390,
    )
    results = {}
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
            words = {"failure": "failed", "error": "error", "skipped": "skipped"}
            results[case.attrib["name"]] = words[kinds[0]] if kinds else "passed"
    return Outcome(done.returncode, done.stdout + done.stderr, results)
