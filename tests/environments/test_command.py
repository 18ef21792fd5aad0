"""Which program a command line means."""

from pathlib import Path

import pytest

from tdmvc.environments.command import find_program
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
