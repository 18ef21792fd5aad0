"""Starts the real tools that readers are compared with, and sends them folders.

A program of `programs/` runs as long as the tests do and answers one line for each folder, so that
an example does not start a process.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent
PROGRAMS: Final = HERE / "programs"
PACKAGES: Final = HERE / "node_modules"

_MAKE: Final = "`make oracles`"


@dataclass(frozen=True)
class Answer:
    """What a tool finds in a folder: `ids` in its order, or why it refuses it."""

    ids: Any = None
    refusal: str | None = None


class Oracle:
    """A running tool."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=PROGRAMS,
            # Names are sorted in the same way, whatever a developer's own language is.
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )

    def ask(self, folder: str | Path) -> Answer:
        """Return what the tool finds in a folder."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        requests.write(json.dumps(str(folder)) + "\n")
        requests.flush()
        line = answers.readline()
        assert line, f"{self._process.args} ended: {self._process.wait()}"
        return Answer(**json.loads(line))

    def close(self) -> None:
        """End the tool."""
        self._process.communicate()


def node_program(program: str, package: str | None = None) -> list[str]:
    """Return the command line of a program, which may need a package of Node.js."""
    _need("node", shutil.which("node") is not None, "`apt-get install nodejs npm`")
    if package is not None:
        _need(package, (PACKAGES / package).is_dir(), _MAKE)
    return ["node", f"{program}.js"]


def ruby_program(library: str, program: str) -> list[str]:
    """Return the command line of a program for a library of Ruby."""
    ruby = shutil.which("ruby")
    has_it = ruby is not None and not subprocess.call(
        [ruby, "-e", f"require '{library}'"], stderr=subprocess.DEVNULL
    )
    _need(library, has_it, "`apt-get install ruby-activerecord`")
    return ["ruby", "-E", "UTF-8", f"{program}.rb"]


def perl_program(command: str) -> list[str]:
    """Return the command line of a program for a command in Perl."""
    _need(command, shutil.which(command) is not None, f"`apt-get install {command}`")
    return ["perl", f"{command}.pl"]


def java_program(package: str) -> list[str]:
    """Return the command line of a program for a package of Node.js that contains Java archives."""
    _need("java", shutil.which("java") is not None, "`apt-get install default-jre-headless`")
    _need(package, (PACKAGES / package).is_dir(), _MAKE)
    return [sys.executable, f"{package}.py"]


def packaged_command(command: str) -> str:
    """Return the path of a program for this machine in a package of Node.js."""
    # The command itself would start Node.js each time.
    found = next(PACKAGES.glob(f"@{command}/*/bin/{command}*"), None)
    _need(command, found is not None, _MAKE)
    return str(found)


def require_program(command: str, *, package: str | None = None) -> None:
    """Skip a test whose command, or whose package of Node.js, is missing; in CI it fails."""
    _need(command, shutil.which(command) is not None, f"`apt-get install {command}`")
    if package is not None:
        _need(package, (PACKAGES / package).is_dir(), _MAKE)


def _need(tool: str, is_here: bool, installed_by: str) -> None:
    """Skip a test whose tool is missing; in CI it fails."""
    if is_here:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{tool} is missing in CI; install it with {installed_by}")
    pytest.skip(f"{tool} is missing; install it with {installed_by}")
