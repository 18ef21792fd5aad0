"""Objects in the cache: put by content, never used unverified; listings from outside are not trusted."""

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.hashfile.tree import Tree

from tdmvc.errors import PartError, StoreError
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import Listing, ObjectStore, PartEntry, is_part_name

A, B = "a" * 64, "b" * 64
GOOD = "0123456789abcdef" * 2


def put_raw(objects: ObjectStore, data: bytes) -> str:
    """Put bytes into the cache as a listing, as a hostile or broken remote would deliver them."""
    oid = hashlib.md5(data).hexdigest() + ".dir"
    objects.path(oid).parent.mkdir(parents=True, exist_ok=True)
    objects.path(oid).write_bytes(data)
    return oid


def listing_of(*entries: tuple[str, str]) -> bytes:
    return json.dumps([{"md5": md5, "relpath": name} for name, md5 in entries]).encode()


def test_a_listing_has_the_name_and_bytes_that_dvc_gives_it(objects: ObjectStore) -> None:
    entries = {f"{A}.parquet": GOOD, f"{B}.parquet": "f" * 32, f"{A}-2.parquet": "0" * 32}
    tree = Tree()
    for name, md5 in entries.items():
        tree.add((name,), Meta(), HashInfo("md5", md5))
    tree.digest()
    listing = Listing(tuple(PartEntry(name, md5) for name, md5 in sorted(entries.items())))
    assert listing.object == tree.hash_info.value
    assert listing.as_bytes() == tree.as_bytes()
    assert objects.put_listing(listing) == tree.hash_info.value
    assert objects.read_listing(listing.object, "golden/t") == listing


def test_the_order_of_a_listing_does_not_matter(objects: ObjectStore) -> None:
    forth = put_raw(objects, listing_of((f"{A}.parquet", GOOD), (f"{B}.parquet", GOOD)))
    back = put_raw(objects, listing_of((f"{B}.parquet", GOOD), (f"{A}.parquet", GOOD)))
    assert objects.read_listing(forth, "t") == objects.read_listing(back, "t")


def test_unknown_keys_in_an_entry_are_ignored(objects: ObjectStore) -> None:
    data = json.dumps([{"md5": GOOD, "relpath": f"{A}.parquet", "size": 3, "isexec": False}]).encode()
    assert objects.read_listing(put_raw(objects, data), "t").entries == (PartEntry(f"{A}.parquet", GOOD),)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../evil.parquet", f"../{A}.parquet", f"sub/{A}.parquet", f"{A}.parquet/..", "..", ".", "",
        "orders.parquet", f"{A}.parquet\n", f"{A}.parquet\x00", f"{A.upper()}.parquet", f"{A}-0.parquet",
        f"{A}-01.parquet", f"{A}", f"{A}.csv", f"C:\\{A}.parquet", f"..\\{A}.parquet", f"{A[:-1]}.parquet",
        f"{'a' * 63}\u0430.parquet", f".{A}.parquet",
    ],
)  # fmt: skip
def test_a_listing_that_names_anything_but_a_part_is_refused(objects: ObjectStore, name: str) -> None:
    oid = put_raw(objects, listing_of((f"{B}.parquet", GOOD), (name, GOOD)))
    with pytest.raises(PartError, match="names a file that cannot belong to a table") as caught:
        objects.read_listing(oid, "golden/t")
    assert str(objects.path(oid)) in caught.value.where
    assert "do not trust this pointer" in caught.value.remedy
    assert not is_part_name(name)


@pytest.mark.parametrize("md5", ["", "../../x", GOOD + ".dir", GOOD.upper(), GOOD + "\n", "0" * 31])
def test_a_listing_that_points_at_no_part_object_is_refused(objects: ObjectStore, md5: str) -> None:
    oid = put_raw(objects, listing_of((f"{A}.parquet", md5)))
    with pytest.raises(PartError, match="cannot belong to a table"):
        objects.read_listing(oid, "golden/t")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (listing_of((f"{A}.parquet", GOOD), (f"{A}.parquet", "0" * 32)), "names a part twice"),
        (b"not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"md5": "x"}', "not a list"),
        (b"[3]", "no md5 or no relpath"),
        (b'[{"md5": "x"}]', "no md5 or no relpath"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
    ],
)  # fmt: skip
def test_an_invalid_listing_is_reported_as_damaged(objects: ObjectStore, data: bytes, why: str) -> None:
    with pytest.raises(PartError, match=why):
        objects.read_listing(put_raw(objects, data), "golden/t")


def test_an_empty_listing_is_read(objects: ObjectStore) -> None:
    assert objects.read_listing(put_raw(objects, b"[]"), "t").entries == ()


def test_a_listing_outside_the_cache_is_missing(objects: ObjectStore) -> None:
    with pytest.raises(PartError, match="is missing") as caught:
        objects.read_listing(GOOD + ".dir", "golden/t")
    assert "the cache" in caught.value.where
    assert "tdmvc pull" in caught.value.remedy


def spoil(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "truncated":
        del data[len(data) // 2 :]
    elif how == "flipped":
        data[len(data) // 2] ^= 1
    else:
        data.clear()
    path.chmod(0o644)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("how", ["truncated", "flipped", "emptied"])
def test_a_damaged_part_is_named_and_quarantined(objects: ObjectStore, tmp_path: Path, how: str) -> None:
    md5 = objects.put(b"some rows")
    assert objects.verified(md5, "golden/t") == objects.path(md5)
    spoil(objects.path(md5), how)
    with pytest.raises(PartError, match="A part of golden/t is damaged") as caught:
        objects.verified(md5, "golden/t")
    assert str(objects.path(md5)) in caught.value.where
    assert "set aside" in caught.value.remedy
    assert not objects.has(md5)
    assert (tmp_path / "quarantine" / md5).is_file()
    assert objects.put(b"some rows") == md5
    assert objects.verified(md5, "golden/t").read_bytes() == b"some rows"


def test_a_damaged_listing_is_quarantined(objects: ObjectStore, tmp_path: Path) -> None:
    oid = objects.put_listing(Listing((PartEntry(f"{A}.parquet", GOOD),)))
    spoil(objects.path(oid), "flipped")
    with pytest.raises(PartError, match="do not match its name"):
        objects.read_listing(oid, "golden/t")
    assert not objects.has(oid)
    assert (tmp_path / "quarantine" / oid).is_file()


def test_a_damaged_object_is_quarantined_on_another_disk_too(
    objects: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def across_disks(source: Any, target: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", str(source))

    for _ in range(2):
        md5 = objects.put(b"some rows")
        spoil(objects.path(md5), "flipped")
        with monkeypatch.context() as patch:
            patch.setattr(os, "rename", across_disks)
            patch.setattr(os, "replace", across_disks)
            with pytest.raises(PartError):
                objects.verified(md5, "golden/t")
        assert not objects.has(md5)
        assert (tmp_path / "quarantine" / md5).is_file()


def test_putting_over_a_damaged_object_repairs_it(objects: ObjectStore) -> None:
    md5 = objects.put(b"some rows")
    spoil(objects.path(md5), "flipped")
    objects.put(b"some rows")
    assert objects.path(md5).read_bytes() == b"some rows"


def test_objects_are_read_only_and_kept_once(objects: ObjectStore) -> None:
    md5 = objects.put(b"some rows")
    before = objects.path(md5).stat()
    assert objects.put(b"some rows") == md5
    assert objects.path(md5).stat().st_ino == before.st_ino
    assert before.st_mode & 0o777 == 0o444
    assert objects.size_bytes(md5) == 9


def test_a_failed_write_leaves_nothing_behind(objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        objects.put(b"some rows")
    assert "free some space" in caught.value.remedy
    assert [path for path in objects.folder.rglob("*") if path.is_file()] == []


def test_a_wrong_index_entry_is_detected_by_the_time_stamp(objects: ObjectStore, index: FileIndex) -> None:
    md5 = objects.put(b"some rows")
    index.save()
    spoil(objects.path(md5), "flipped")
    with pytest.raises(PartError):
        objects.verified(md5, "golden/t")
