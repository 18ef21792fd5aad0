"""What is published: a wheel and an sdist that are whole, say what they are, and hold nothing of this machine."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tdmvc import __version__
from tdmvc.cli.group import COMMANDS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_twine_accepts_the_files_and_their_description(dist: Path) -> None:
    files = sorted(dist.iterdir())
    assert [file.name for file in files] == [
        f"tdmvc-{__version__}-py3-none-any.whl",
        f"tdmvc-{__version__}.tar.gz",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_has_every_file_of_the_package_and_a_manual_page_for_each_command(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(f"tdmvc-{__version__}.dist-info/METADATA").decode()
    tracked = subprocess.run(
        ["git", "ls-files", "tdmvc"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(tracked) <= names
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in names)
    manual = f"tdmvc-{__version__}.data/data/share/man/man1"
    assert {f"{manual}/tdmvc-{name}.1" for name in COMMANDS} | {f"{manual}/tdmvc.1"} <= names
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: Apache-2.0" in metadata


def test_the_sdist_has_all_that_the_tests_need(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # What hosts and editors read is not needed to test or to build.
    missing = {
        name
        for name in tracked.splitlines()
        if name not in names and not name.startswith((".ci/", ".github/"))
    }
    assert missing == set()


def test_the_page_on_installing_says_why_each_dependency_is_there() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    table = page.partition("## What is installed")[2]
    named = {
        name for cell in re.findall(r"^\| ([a-z][^|]*) \|", table, re.MULTILINE) for name in cell.split(", ")
    }
    needed = {re.split(r"[^A-Za-z0-9._-]", line)[0] for line in PROJECT["dependencies"]}
    assert named - {"tdmvc", "package"} == needed


def test_the_release_workflow_publishes_only_what_was_tried_and_without_a_secret() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "password" not in text
    for line in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9.]+", line)
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            ROOT / ".github" / "workflows" / "release.yml",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    done = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", ROOT / ".github"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
