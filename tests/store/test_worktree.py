"""A table's folder: what lies in it, and how parts get there."""

import os
from pathlib import Path

import pytest

from tdmvc.errors import PartError, StoreError
from tdmvc.store.index import FileIndex, md5_of_file
from tdmvc.store.objects import Listing, ObjectStore, PartEntry
from tdmvc.store.worktree import WorkTreeWriter, read_folder


def test_an_absent_and_an_empty_folder_have_no_listing(tmp_path: Path, index: FileIndex) -> None:
    (tmp_path / "empty").mkdir()
    assert read_folder(tmp_path / "none", index) is None
    assert read_folder(tmp_path / "empty", index) is None


def test_a_folder_gives_its_listing_and_any_edit_gives_another(tmp_path: Path, index: FileIndex) -> None:
    def made() -> Listing | None:
        folder = read_folder(tmp_path / "t", index)
        assert folder is not None
        return folder.listing

    name, other = ("a" * 64 + ".parquet", "b" * 64 + ".parquet")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / name).write_bytes(b"rows")
    listing = Listing((PartEntry(name, md5_of_file(tmp_path / "t" / name)),))
    assert made() == listing
    (tmp_path / "t" / "more.parquet").write_bytes(b"x")
    assert made() is None
    (tmp_path / "t" / "more.parquet").rename(tmp_path / "t" / other)
    assert made() not in (None, listing)
    (tmp_path / "t" / other).unlink()
    (tmp_path / "t" / name).write_bytes(b"swor")
    assert made() not in (None, listing)


def test_hidden_files_do_not_count_and_subfolders_do(tmp_path: Path, index: FileIndex) -> None:
    folder = tmp_path / "t"
    (folder / "year=2024").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in (".hidden", "_SUCCESS", ".git/x", "year=2024/p.parquet", "q.parquet"):
        (folder / name).write_bytes(b"x")
    found = read_folder(folder, index)
    assert found is not None
    assert set(found.files) == {"year=2024/p.parquet", "q.parquet"}
    assert found.listing is None


def test_one_file_in_the_folders_place_counts(tmp_path: Path, index: FileIndex) -> None:
    (tmp_path / "t").write_bytes(b"rows")
    found = read_folder(tmp_path / "t", index)
    assert found is not None
    assert list(found.files) == [""]
    assert found.listing is None


@pytest.mark.parametrize("what", ["the folder", "a subfolder", "a broken link"])
def test_links_to_folders_are_refused(tmp_path: Path, index: FileIndex, what: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.parquet").write_bytes(b"x")
    if what == "the folder":
        (tmp_path / "t").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "t").mkdir()
        (tmp_path / "t" / "p.parquet").write_bytes(b"x")
        target = tmp_path / ("elsewhere" if what == "a subfolder" else "nowhere")
        (tmp_path / "t" / "link").symlink_to(target)
    with pytest.raises(StoreError, match="symbolic link") as caught:
        read_folder(tmp_path / "t", index)
    assert "replace it" in caught.value.remedy


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, index: FileIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t" / "inner").mkdir(parents=True)
    (tmp_path / "t" / "p.parquet").write_bytes(b"x")
    real = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        read_folder(tmp_path / "t", index)


@pytest.mark.parametrize("kind", ["reflink", "copy", "hardlink", "symlink"])
def test_parts_are_placed_as_dvc_is_configured(
    tmp_path: Path, objects: ObjectStore, index: FileIndex, kind: str
) -> None:
    md5 = objects.put(b"rows")
    target = tmp_path / "t" / "part"
    WorkTreeWriter(objects, index, (kind, "copy")).place(md5, target, "golden/t")
    assert target.read_bytes() == b"rows"
    if kind == "symlink":
        assert target.is_symlink()
    elif kind == "hardlink":
        assert target.stat().st_ino == objects.path(md5).stat().st_ino
    else:
        assert target.stat().st_ino != objects.path(md5).stat().st_ino
        target.write_bytes(b"edited")
        assert objects.path(md5).read_bytes() == b"rows"


def test_a_file_is_copied_if_the_file_system_refuses_links(tmp_path: Path, objects: ObjectStore, index: FileIndex,
                                              monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    md5 = objects.put(b"rows")

    def refuse(source: object, target: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    WorkTreeWriter(objects, index, ("hardlink",)).place(md5, tmp_path / "part", "golden/t")
    assert (tmp_path / "part").read_bytes() == b"rows"


def test_a_damaged_object_is_never_placed(tmp_path: Path, objects: ObjectStore, index: FileIndex) -> None:
    md5 = objects.put(b"rows")
    objects.path(md5).chmod(0o644)
    objects.path(md5).write_bytes(b"bad!")
    with pytest.raises(PartError, match="damaged"):
        WorkTreeWriter(objects, index, ("copy",)).place(md5, tmp_path / "part", "golden/t")
    assert not (tmp_path / "part").exists()


def test_a_full_disk_is_reported_with_the_path(
    tmp_path: Path, objects: ObjectStore, index: FileIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    md5 = objects.put(b"rows")

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"ro")
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("tdmvc.store.worktree._copy", full)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        WorkTreeWriter(objects, index, ("copy",)).place(md5, tmp_path / "part", "golden/t")
    assert str(tmp_path / "part") in caught.value.where
    assert not (tmp_path / "part").exists()
