"""A Git repository that tdmvc is measured in."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks.processes import TDMVC, run

DATASET = "bench"


class Repository:
    """An application's repository with one dataset, `bench`, that holds one table, `lineitem`."""

    def __init__(self, root: Path, environment: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._environment = environment

    @property
    def table_folder(self) -> Path:
        return self.root / "datasets" / DATASET / "lineitem"

    def create(self) -> None:
        """Create it, without data."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        run(self.root, "git", "init", "-q", "-b", "main")
        self.tdmvc("init")
        self.commit("Keep test data with tdmvc")

    def tdmvc(self, *words: str) -> None:
        run(self.root, *TDMVC, *words, environment=self._environment)

    def commit(self, message: str) -> None:
        run(self.root, "git", "add", "-A")
        run(self.root, "git", "commit", "-qm", message)

    def publish(self, version: str) -> None:
        """Commit what is there, publish it, and commit the version."""
        self.commit(f"Rows of {version}")
        self.tdmvc("publish", DATASET, version, "--allow-lower-bump")
        self.commit(f"Publish {version}")

    def kept_bytes(self) -> int:
        """Return the bytes of all objects in DVC's cache."""
        return bytes_of(self.root / ".dvc" / "cache")


def bytes_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
