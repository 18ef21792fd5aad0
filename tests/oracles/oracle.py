"""Knows the real tools that readers are held against: how one is started, and how it is asked.

A program of `programs/` runs as long as the tests do and answers one question a line, so that
an example costs no start of a process.
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
    """What a tool makes of a folder: `ids` in its order, or why it refuses."""

    ids: Any = None
    refusal: str | None = None


class Oracle:
    """One tool that is being asked."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=PROGRAMS,
            # Names compare as they do for everybody, whatever a developer's own language is.
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )

    def ask(self, folder: str | Path) -> Answer:
        """Return what the tool makes of a folder."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        asked.write(json.dumps(str(folder)) + "\n")
        asked.flush()
        line = answered.readline()
        assert line, f"{self._process.args} ended: {self._process.wait()}"
        return Answer(**json.loads(line))

    def close(self) -> None:
        """Let the tool end."""
        self._process.communicate()


def node_program(program: str, package: str | None = None) -> list[str]:
    """Return the words that start a program, which may need a package of Node.js."""
    _need("node", shutil.which("node") is not None, "`apt-get install nodejs npm`")
    if package is not None:
        _need(package, (PACKAGES / package).is_dir(), _MAKE)
    return ["node", f"{program}.js"]


def ruby_program(library: str, program: str) -> list[str]:
    """Return the words that start a program for a library of Ruby."""
    ruby = shutil.which("ruby")
    has_it = ruby is not None and not subprocess.call(
        [ruby, "-e", f"require '{library}'"], stderr=subprocess.DEVNULL
    )
    _need(library, has_it, "`apt-get install ruby-activerecord`")
    return ["ruby", "-E", "UTF-8", f"{program}.rb"]


def perl_program(command: str) -> list[str]:
    """Return the words that start a program for a command that is written in Perl."""
    _need(command, shutil.which(command) is not None, f"`apt-get install {command}`")
    return ["perl", f"{command}.pl"]


def java_program(package: str) -> list[str]:
    """Return the words that start a program for a package of Node.js that brings Java archives."""
    _need("java", shutil.which("java") is not None, "`apt-get install default-jre-headless`")
    _need(package, (PACKAGES / package).is_dir(), _MAKE)
    return [sys.executable, f"{package}.py"]


def packaged_command(command: str) -> str:
    """Return the path of a program for this machine that a package of Node.js brings."""
    # The command itself would start Node.js each time.
    found = next(PACKAGES.glob(f"@{command}/*/bin/{command}*"), None)
    _need(command, found is not None, _MAKE)
    return str(found)


def _need(tool: str, is_here: bool, installed_by: str) -> None:
    """Skip a test whose tool is missing; in CI it fails."""
    if is_here:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{tool} is missing, and CI must ask it: {installed_by} brings it")
    pytest.skip(f"{tool} is missing: {installed_by} brings it")
