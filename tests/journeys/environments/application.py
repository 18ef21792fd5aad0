"""An application with environments, and what tests do with it."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.schemas import assert_valid

COUNT = (
    "import os, sqlite3; c = sqlite3.connect(os.environ['SHOP_FILE']); "
    "print(c.execute('SELECT count(*) FROM customers').fetchone()[0])"
)
"""A program that prints how many customers its database has."""
CONFIG = """\
environments:
  local:
    database: "sqlite:///test.db"
    exports: {SHOP_FILE: "{path}"}
"""
MIGRATIONS = {
    "0001_customers.sql": "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);",
    "0002_orders.sql": "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);",
}


@dataclass
class App:
    """An application's repository, and a home of its own for caches and temporary files."""

    root: Path
    python: Path
    """Runs commands that nobody interrupts or kills."""
    variables: Mapping[str, str] = field(default_factory=dict)

    def configure(self, text: str) -> None:
        """Let the environments be these, and nothing else."""
        path = self.root / "tdmvc.yaml"
        kept = path.read_text().partition("environments:")[0]
        path.write_text(kept + text)

    @property
    def environ(self) -> dict[str, str]:
        base = self.root.parent
        return {
            **os.environ,
            "TMPDIR": str(base / "tmp"),
            "XDG_CACHE_HOME": str(base / "cache"),
            "PYTHONPATH": os.getcwd(),
            **self.variables,
        }

    def start(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """Start tdmvc in an interpreter of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tdmvc", *words],
            cwd=self.root,
            env=self.environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def run(self, *words: str, code: int = 0, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run tdmvc to its end."""
        ran = subprocess.run(
            [self.python, "-m", "tdmvc", *words],
            cwd=self.root,
            env=self.environ,
            text=True,
            capture_output=True,
            input=stdin,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    def document(self, name: str, *words: str) -> Any:
        """Return the JSON that a command prints, which must be as published."""
        document = json.loads(self.run("-q", *words, "--format", "json").stdout)
        assert_valid(document, name)
        return document

    def report(self, *command: str, options: tuple[str, ...] = ()) -> Any:
        """Return the report of a run."""
        ran = self.run("-q", "run", *options, "--format", "json", "--", *command)
        document = json.loads(ran.stdout)
        assert_valid(document, "run")
        return document

    def leftovers(self) -> list[str]:
        """Return what runs left: run folders, databases, processes."""
        files = [str(path) for path in (self.root.parent / "tmp").rglob("run-*")]
        files += [path.name for path in self.root.iterdir() if "test.db" in path.name or "test-" in path.name]
        return files + [str(pid) for pid in self.processes()]

    @property
    def records(self) -> list[Path]:
        """The records of environments that keep running."""
        return list((self.root / ".git" / "tdmvc" / "environments").glob("*.json"))

    def processes(self) -> list[int]:
        """Return the processes that a run in this repository started."""
        mark = f"TDMVC_RUN={self.root.parent}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found


def steps(report: Mapping[str, Any]) -> dict[str, str]:
    return {step["name"]: "skipped" if step["is_skipped"] else "done" for step in report["steps"]}


def ask(kept: Mapping[str, Any], query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(kept["database"])) as con:
        return con.execute(query).fetchall()


def change(kept: Mapping[str, Any], statement: str) -> None:
    with closing(sqlite3.connect(kept["database"])) as con, con:
        con.execute(statement)


@contextmanager
def running(app: App, script: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a shell script in an environment, and wait until it prints `ready`."""
    process = app.start("-q", "run", *options, "--", "sh", "-c", script, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


SERVICE = f"""\
    services:
      web:
        command: "{sys.executable} -m http.server --bind 127.0.0.1 {{port}}"
        ready: "http://127.0.0.1:{{port}}/"
        exports: {{WEB: "http://127.0.0.1:{{port}}"}}
"""
