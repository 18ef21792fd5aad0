"""Ten minutes of a pandas user: the pages for Python and for test authors can be followed to the letter."""

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import tdmvc as package
from tests.builders import Tdmvc, git
from tests.journeys.example_projects import ROOT

BLOCK = re.compile(r"^( *)```(sh|python|text)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    found = BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    return [(kind, re.sub(f"^{indent}", "", text, flags=re.MULTILINE)) for indent, kind, text in found]


def run_shell(app: Path, tdmvc: Tdmvc, script: str) -> None:
    for line in script.splitlines():
        program, *words = shlex.split(line, comments=True)
        if program == "git" and words[0] != "init":
            git(app, *words)
        elif program == "tdmvc" and words != ["init"]:
            assert tdmvc(*words).code == 0, line


def run_python(code: str, names: dict[str, Any]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "docs", "exec"), names)
    return said.getvalue()


@pytest.fixture
def followed(repo: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch) -> int:
    """Follow docs/python.md in `repo`, and return how many outputs it shows."""
    monkeypatch.chdir(repo)
    names: dict[str, Any] = {}
    said, shown = "", 0
    for kind, text in blocks("python.md"):
        if kind == "sh":
            run_shell(repo, tdmvc, text)
        elif kind == "python":
            said = run_python(text, names)
        else:
            assert said == text
            shown += 1
    return shown


def test_a_pandas_user_gets_versions_differences_and_rows_in_ten_minutes(
    followed: int, repo: Path, tdmvc: Tdmvc
) -> None:
    assert followed == 6
    # What Python added, the command line knows.
    assert "orders" in tdmvc("diff", "golden@1.0.0").out


def test_what_test_authors_read_works_on_those_rows(followed: int, repo: Path) -> None:
    rows, _, more = [text for kind, text in blocks("testing.md") if kind == "python"]
    names: dict[str, Any] = {}
    run_python(rows, names)
    with package.open(repo) as repository:
        tests = [one for name, one in names.items() if name.startswith("test_")]
        for test in tests:
            test(repository)
        assert len(tests) == 4
        run_python(more, {})
        assert repository.row("golden", "orders", 13)["total"] == 5.0
        assert repository.table("golden", "orders").num_rows == 4
