"""Which programs a command finds where no virtual environment is active."""

import os
import sys
from pathlib import Path

import pytest

from tdmvc.environments.running.own_programs import put_own_programs_first


@pytest.mark.parametrize(
    ("called", "prefix", "path", "expected"),
    [
        ("{venv}/bin/tdmvc", "{venv}", "/usr/bin", "{venv}/bin:/usr/bin"),
        ("venv/bin/tdmvc", "{venv}", "/usr/bin", "{venv}/bin:/usr/bin"),
        (
            "{venv}/lib/python3.12/site-packages/tdmvc/__main__.py",
            "{venv}",
            "/usr/bin",
            "{venv}/bin:/usr/bin",
        ),
        ("{venv}/bin/pytest", "{venv}", "/usr/bin", "{venv}/bin:/usr/bin"),
        ("{venv}/bin/tdmvc", "{venv}", "/other/bin:{venv}/bin", "/other/bin:{venv}/bin"),
        ("/home/ana/.local/bin/tdmvc", "{venv}", "/usr/bin", "/usr/bin"),
        ("{venv}/bin/tdmvc", "{base}", "/usr/bin", "/usr/bin"),
    ],
)
def test_programs_next_to_tdmvc_come_first_unless_they_are_its_own_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, prefix: str, path: str, expected: str
) -> None:
    names = {"venv": str(tmp_path / "venv"), "base": sys.base_prefix}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "bin" / "python"))
    monkeypatch.setattr(sys, "prefix", prefix.format(**names))
    monkeypatch.setattr(sys, "argv", [called.format(**names), "run"])
    monkeypatch.setenv("PATH", path.format(**names))
    monkeypatch.setenv("VIRTUAL_ENV", "/another")
    put_own_programs_first()
    assert os.environ["PATH"] == expected.format(**names)
    assert os.environ["VIRTUAL_ENV"] == ("/another" if expected == path else names["venv"])
