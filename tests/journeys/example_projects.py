"""The examples of this repository, in a repository of their own, and what runs commands in them."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from tests.builders import commit_all, git

ROOT = Path(__file__).parents[2]
_PLUGIN = "" if entry_points(group="pytest11", name="tdmvc") else "-p tdmvc.pytest_plugin"
"""An environment that was installed before the plugin was made does not know it yet."""


def copy_examples(project: Path) -> Path:
    """Return a new repository with this one's datasets and examples."""
    for name in ("datasets", "examples", "tdmvc/demo"):
        ignored = shutil.ignore_patterns("node_modules", "__pycache__", ".pytest_cache")
        shutil.copytree(ROOT / name, project / name, ignore=ignored)
    (project / ".dvc").mkdir()
    for name in (".dvc/config", ".dvcignore", ".gitignore", "dvc.lock", "dvc.yaml", "tdmvc.yaml"):
        shutil.copy(ROOT / name, project / name)
    git(project, "init", "-q", "-b", "main")
    commit_all(project, "examples")
    return project


def run_in(folder: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as a person would who has tdmvc and the tools of the examples on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [*words],
        cwd=folder,
        env={
            **os.environ,
            "NO_COLOR": "1",
            "PATH": path,
            # Hydra comes with DVC, and its plugin takes half a second to import.
            "PYTEST_ADDOPTS": f"-p no:cacheprovider -p no:hydra_pytest {_PLUGIN}",
            "PYTHONPATH": str(ROOT),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
