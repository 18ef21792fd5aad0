"""Copies and templates that nobody uses any more are removed, and nothing else is; programs are known again."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tdmvc.servers.copies import readable_copy
from tdmvc.servers.templates import program_digest

LONG_AGO = time.time() - 40 * 86_400


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "servers"
    folder.mkdir()
    monkeypatch.setattr("tdmvc.servers.copies.servers_folder", lambda: folder)
    return folder


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    programs = tmp_path / "postgres" / "bin"
    programs.mkdir(parents=True)
    shutil.copy("/bin/sleep", programs / "postgres")
    return programs.parent


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_copy_that_nobody_uses_for_a_month_is_removed(servers: Path, installation: Path) -> None:
    for version in ("15.1", "15.2", "15.3"):
        readable_copy(version, installation, None)
    for old in ("15.1", "15.2"):
        os.utime(servers / old / ".complete", (LONG_AGO, LONG_AGO))
    left = servers / ".15.0-abcd"
    left.mkdir()
    os.utime(left, (LONG_AGO, LONG_AGO))
    run = servers / "run-1"
    run.mkdir()
    os.utime(run, (LONG_AGO, LONG_AGO))
    copied = readable_copy("15.2", installation, None)
    assert (copied / "bin" / "postgres").exists()
    assert names(servers) == ["15.2", "15.3", "run-1"]
    assert (servers / "15.2" / ".complete").stat().st_mtime > LONG_AGO


def test_a_copy_whose_server_is_running_stays(servers: Path, installation: Path) -> None:
    copied = readable_copy("15.1", installation, None)
    with subprocess.Popen([copied / "bin" / "postgres", "60"]) as running:
        try:
            os.utime(servers / "15.1" / ".complete", (LONG_AGO, LONG_AGO))
            for _ in range(2):
                readable_copy("15.2", installation, None)
            assert names(servers) == ["15.1", "15.2"]
        finally:
            running.kill()
    readable_copy("15.2", installation, None)
    assert names(servers) == ["15.2"]


def test_a_program_is_the_same_wherever_and_whenever_it_was_installed(tmp_path: Path) -> None:
    first, again = tmp_path / "first" / "postgres", tmp_path / "again" / "postgres"
    for path, text in ((first, "one"), (again, "one")):
        path.parent.mkdir()
        path.write_text(text)
    os.utime(again, (1, 1))
    assert program_digest(first) == program_digest(again)
    again.write_text("two")
    assert program_digest(first) != program_digest(again)
