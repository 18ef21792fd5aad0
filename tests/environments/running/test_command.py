"""Which program a command line means."""

from pathlib import Path

import pytest

from tdmvc.environments.running.command import find_program
from tdmvc.errors import UsageError


@pytest.mark.parametrize(
    ("name", "folder"), [("./tests.sh", "."), ("bin/tests.sh", "."), ("./tests.sh", "bin")]
)
def test_a_relative_path_begins_in_the_folder_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    program = tmp_path / folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_program([name, "--all"], Path(folder)) == str(program)


def test_a_program_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no program '\./tests\.sh'"):
        find_program(["./tests.sh"], tmp_path)


@pytest.mark.parametrize("command", [["pytest -q"], ["cd", "tests"], ["SHOP_DEBUG=1", "pytest"]])
def test_a_line_for_a_shell_is_told_from_a_program_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        find_program(command, tmp_path)
    assert "`tdmvc run -- sh -c '…'`" in caught.value.remedy


def test_a_program_that_is_missing_is_to_be_installed(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_program(["no-such-program", "a b", "c=d"], tmp_path)
    assert caught.value.remedy.startswith("install it")
