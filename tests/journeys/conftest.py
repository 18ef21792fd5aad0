"""What several journeys share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.command_runner import CommandRunner


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[CommandRunner]:
    """A runner of commands in processes of their own, whose output goes to files beside the repository."""
    (tmp_path / "said").mkdir()
    opened = CommandRunner(tmp_path / "said")
    yield opened
    opened.close()
