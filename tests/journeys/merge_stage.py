"""What the stories of merges share: a repository with one table, branches that change its rows, and a look at them."""

import contextlib
import io
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tdmvc.cli.main import run
from tests.conftest import git

POINTER = "datasets/golden/orders.dvc"
CONFLICTS = "datasets/golden/conflicts/orders.yaml"
START = {1: "paid", 2: "open", 3: "open", 4: "open"}
Rows = Mapping[int, str]


@dataclass(frozen=True)
class Stage:
    """A repository whose Git merges rows, and a folder beside it for sources."""

    root: Path
    beside: Path

    def run(self, *words: object, code: int | None = 0, folder: Path | None = None) -> str:
        """Run tdmvc in this process and return what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = run(["-C", str(folder or self.root), *map(str, words)])
        assert code is None or ended == code, f"exit {ended}: {out.getvalue()}{err.getvalue()}"
        return out.getvalue() + err.getvalue()

    def git(self, *words: str, folder: Path | None = None) -> str:
        return git(folder or self.root, *words)

    def try_git(
        self, *words: str, folder: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Git, whatever it ends with."""
        return subprocess.run(
            ["git", *words], cwd=folder or self.root, capture_output=True, text=True, check=False, env=None
        )

    def add(self, rows: Rows, table: str = "orders") -> None:
        source = self.beside / f"{table}.csv"
        source.write_text("id,status\n" + "".join(f"{id_},{status}\n" for id_, status in rows.items()))
        self.run("add", "golden", source, "--key", f"{table}=id")

    def commit(self, rows: Rows, message: str = "Change", table: str = "orders") -> None:
        self.add(rows, table)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def branch(self, name: str, rows: Rows, *, start: str = "main") -> None:
        """Make a branch on which the table holds these rows, and stay where we were."""
        here = self.git("rev-parse", "--abbrev-ref", "HEAD")
        self.git("switch", "-q", "-c", name, start)
        self.commit(rows, name)
        self.git("switch", "-q", here)

    def rows(self, ref: str = "golden", table: str = "orders") -> dict[int, str]:
        """Return the rows that a state's pointer names."""
        said = json.loads(
            self.run("sql", f'select id, status from "{table}"', "--at", ref, "--format", "json")
        )
        return {int(id_): status for id_, status in said["rows"]}

    def resolve(self, *words: object, code: int = 4) -> Any:
        return json.loads(self.run("resolve", *words, "--format", "json", code=code))

    def unmerged(self) -> str:
        return self.git("ls-files", "--unmerged")


def make_stage(template: Path, folder: Path) -> Stage:
    """Make the repository from the template: one table, one commit, `tdmvc install` done."""
    shutil.copytree(template, folder / "app", symlinks=True)
    stage = Stage(folder / "app", folder)
    stage.run("install")
    stage.commit(START, "Start with orders")
    return stage


def copy_stage(made: Stage, folder: Path) -> Stage:
    shutil.copytree(made.root, folder / "app", symlinks=True)
    return Stage(folder / "app", folder)
