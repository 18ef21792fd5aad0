"""The page about the first rule can be followed to the letter, and its output is real."""

import re
from pathlib import Path

import pytest

from tests.builders import Tdmvc
from tests.journeys.example_projects import ROOT, run_in

PAGE = (ROOT / "docs" / "first-rule.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(csv|yaml|console|python)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CSV_FILES = iter(("rows/orders.csv", "rows/payments.csv"))


def put_in_contract(text: str, block: str) -> str:
    """Return a contract with a column in the place of the one of its name, or with rules at the end of `orders`."""
    begin = text.index("  - name: orders\n")
    end = text.index("  - name: payments\n")
    table = text[begin:end]
    first = block.split("\n", 1)[0]
    if not first.startswith("      - name: "):
        return text[:begin] + table + block + text[end:]
    old = re.search(rf"^{re.escape(first)}\n(?: {{8}}.*\n)*", table, re.MULTILINE)
    assert old is not None, first
    return text[:begin] + table.replace(old[0], block) + text[end:]


def test_the_page_can_be_followed_to_the_letter(
    repo: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of tdmvc run in this process."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(repo)
    for folder in ("rows", "tests"):
        (repo / folder).mkdir(exist_ok=True)
    contract = repo / "datasets" / "golden" / "contract.yaml"
    shown = 0
    for kind, block in BLOCKS:
        match kind:
            case "csv":
                (repo / next(CSV_FILES)).write_text(block)
            case "yaml":
                contract.write_text(put_in_contract(contract.read_text(), block))
            case "python":
                (repo / "tests" / "test_rows.py").write_text(block)
            case "console":
                for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                    said = follow(repo, tdmvc, command)
                    if output:
                        shown += 1
                        assert said.partition("\n\nNext:")[0].rstrip() == output.rstrip()
    assert shown == 4


def follow(repo: Path, tdmvc: Tdmvc, command: str) -> str:
    if not command.startswith("tdmvc "):
        if command.startswith("git init"):
            return ""
        done = run_in(repo, "bash", "-uc", command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    words = [word.strip("'") for word in command.split()[1:]]
    ran = tdmvc(*words, code=None)
    assert ran.code == int(ran.out.startswith("Not valid")), ran.err
    return ran.out
