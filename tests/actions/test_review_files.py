"""A report replaces the earlier one only when all of it is written."""

import os
from pathlib import Path

import pytest

from tdmvc.actions.post import write_report
from tdmvc.errors import StoreError


def test_a_report_replaces_the_file_that_a_link_names_and_keeps_its_mode(tmp_path: Path) -> None:
    report, link = tmp_path / "review.html", tmp_path / "latest.html"
    report.write_text("old")
    report.chmod(0o640)
    link.symlink_to(report)
    write_report(link, "new")
    assert link.is_symlink()
    assert (report.read_text(), report.stat().st_mode & 0o777) == ("new", 0o640)
    write_report(tmp_path / "a" / "b.html", "made")
    assert (tmp_path / "a" / "b.html").read_text() == "made"


def test_a_full_disk_leaves_the_earlier_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "review.html"
    report.write_text("old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="No space left"):
        write_report(report, "new")
    assert report.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["review.html"]


def test_a_device_is_written_and_not_replaced() -> None:
    write_report(Path(os.devnull), "nothing")
    assert not Path(os.devnull).is_file()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="directory"):
        write_report(tmp_path, "text")
