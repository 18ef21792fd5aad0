"""The story that `tdmvc demo` plays: all of it, or without a server the advice how to get one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tdmvc.actions.demo import plan_story
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
    assert done.stdout.count("order 1002 is cancelled after 3 failed payments") == 2
    assert re.search(r"· migrate +reused", done.stdout)
    assert re.search(r"^ +nothing +nothing +[\d.]+ ms$", done.stdout, re.MULTILINE)
