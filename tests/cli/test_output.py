"""How wide the terminal is taken to be."""

import os
import shutil

import pytest

from tdmvc.cli.output import terminal_width


@pytest.mark.parametrize("printed", [None, "", "0", "-5", "wide", "61", "120", "5", "1000"])
@pytest.mark.parametrize("has", [None, 0, 75])
def test_the_width_is_that_of_the_standard_library(
    printed: str | None, has: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(descriptor: int = 1) -> os.terminal_size:
        if has is None:
            raise OSError
        return os.terminal_size((has, 24))

    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.delenv("COLUMNS", raising=False)
    if printed is not None:
        monkeypatch.setenv("COLUMNS", printed)
    assert terminal_width() == max(60, min(160, shutil.get_terminal_size((100, 24)).columns))
