"""The story that `tdmvc demo` plays: all of it, or without a server the advice how to get one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tdmvc.actions.demo import Command, DemoStep, plan_story
from tdmvc.cli.main import run
from tdmvc.errors import DatabaseError
from tests.series import long_only


def test_without_postgresql_the_story_ends_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = plan_story(tmp_path)

    def none_found() -> None:
        raise DatabaseError("There is none.")

    monkeypatch.setattr("tdmvc.actions.demo.find_postgres", none_found)
    shorter = plan_story(tmp_path)

    assert len(shorter) == len(whole) - 1
    assert shorter[-1].commands == ()
    assert "pip install 'tdmvc[postgres]'" in shorter[-1].text


def test_programs_of_the_story_are_those_of_this_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = [DemoStep("One step", "", (Command(("sh", "-c", "command -v python"), folder="."),))]
    monkeypatch.setattr("tdmvc.cli.commands.demo.plan_story", lambda folder: story)
    # As in `make demo`, which activates no virtual environment.
    monkeypatch.setenv("PATH", os.defpath)
    assert run(["demo", "--into", str(tmp_path / "lumen")]) == 0
    assert str(Path(sys.executable).parent) in capsys.readouterr().out


@long_only
def test_the_whole_story_is_played(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tdmvc", "demo", "--into", str(tmp_path / "lumen")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error invoices.payments_sum_to_invoice: 1 of 3 rows" in done.stdout
    assert "invoices row id=3002: breaks the rule" in done.stdout
    assert done.stdout.count("order 1002 is cancelled after 3 failed payments") == 2
    assert re.search(r"· migrate +reused", done.stdout)
    assert re.search(r"^ +nothing +nothing +[\d.]+ ms$", done.stdout, re.MULTILINE)
