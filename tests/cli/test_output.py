"""How wide the terminal is taken to be."""

import os
import shutil

import pytest

from tdmvc.cli.output import terminal_width


@pytest.mark.parametrize("said", [None, "", "0", "-5", "wide", "61", "120", "5", "1000"])
@pytest.mark.parametrize("has", [None, 0, 75])
def test_the_width_is_what_the_standard_library_says(
    said: str | None, has: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(descriptor: int = 1) -> os.terminal_size:
        if has is None:
            raise OSError
        return os.terminal_size((has, 24))

    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.delenv("COLUMNS", raising=False)
    if said is not None:
        monkeypatch.setenv("COLUMNS", said)
    assert terminal_width() == max(60, min(160, shutil.get_terminal_size((100, 24)).columns))
