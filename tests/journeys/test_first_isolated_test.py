"""The page about the first isolated test can be followed to the letter."""

import re
import subprocess
from pathlib import Path

from tests.journeys.example_projects import ROOT, run_in
from tests.series import long_only

PAGE = (ROOT / "docs" / "first-isolated-test.md").read_text(encoding="utf-8")
FILES = (
    "migrations/0001_create_orders.sql",
    "rows/customers.csv",
    "rows/orders.csv",
    "tests/test_orders.py",
)


def run(shop: Path, command: str) -> "subprocess.CompletedProcess[str]":
    return run_in(shop, "bash", "-uc", command, XDG_CACHE_HOME=str(shop.parent / "cache"))


@long_only
def test_the_page_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    assert run(shop, "git init -q -b main && mkdir migrations rows tests").returncode == 0
    contents = re.findall(r"^```(?:sql|csv|python)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for name, text in zip(FILES, contents, strict=False):
        (shop / name).write_text(text)
    consoles = re.findall(r"^ *```console\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    commands = [re.findall(r"^ *\$ (.*)$", console, re.MULTILINE) for console in consoles]
    assert [len(found) for found in commands] == [3, 1, 1, 1, 4]

    first, second, never = (words[0] for words in commands[1:4])
    for command in commands[0]:
        assert run(shop, command).returncode == 0
    for command, step in ((first, "made a template"), (second, "reused a template")):
        done = run(shop, command)
        assert "2 passed" in done.stdout, done.stdout + done.stderr
        assert step in done.stderr
    done = run(shop, never)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "test_otto_pays_after_all, which writes to orders" in done.stdout
    # One shell, because it gets the variables.
    done = run(shop, "\n".join(commands[4]))
    assert "local is up" in done.stdout
    assert "2 passed" in done.stdout
    assert "Stopped: local" in done.stdout
