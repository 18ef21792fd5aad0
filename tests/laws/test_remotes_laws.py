"""No whole object on a remote is called damaged, and no damaged one passes as compared by checksum."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.model.remote import Comparison
from tdmvc.store.remote_files import compare_objects
from tests.series import trials

STATES = ("whole", "missing", "cut", "altered")
CHECKSUMS = ("md5", "another hash", "pieces", "none")


@dataclass(frozen=True)
class Stored:
    """One object, what became of it on the remote, and what the remote tells of it."""

    data: bytes
    state: str
    checksum: str
    is_here: bool

    @property
    def there(self) -> bytes | None:
        match self.state:
            case "missing":
                return None
            case "cut":
                return self.data[:-1]
            case "altered":
                return bytes([self.data[0] ^ 1]) + self.data[1:]
            case _:
                return self.data


class Files:
    """A remote's file system: what it tells of a file, and its bytes."""

    protocol = "law"
    jobs = 2

    def __init__(self, stored: dict[str, Stored]) -> None:
        self._stored = stored
        self.fs = self

    def invalidate_cache(self) -> None:
        pass

    def info(self, path: str) -> dict[str, Any]:
        one = self._stored[path]
        if one.there is None:
            raise FileNotFoundError(path)
        etag = {
            "md5": _md5(one.there),
            "another hash": _md5(one.there + b"salt"),
            "pieces": f"{_md5(one.there)}-2",
            "none": "",
        }
        return {"size": len(one.there), "type": "file", "ETag": f'"{etag[one.checksum]}"'}

    def cat_file(self, path: str) -> bytes:
        there = self._stored[path].there
        assert there is not None
        return there


class Objects:
    """The objects of a file system, or of a folder, by name."""

    def __init__(self, files: Any, folder: Path | None = None) -> None:
        self.fs = files
        self._folder = folder

    def oid_to_path(self, oid: str) -> str:
        return oid if self._folder is None else str(self._folder / oid)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


OBJECTS = st.lists(
    st.builds(
        Stored,
        st.binary(min_size=2, max_size=40),
        st.sampled_from(STATES),
        st.sampled_from(CHECKSUMS),
        st.booleans(),
    ),
    unique_by=lambda one: one.data,
    max_size=12,
)


@given(objects=OBJECTS)
@settings(max_examples=trials(1000, 30))
def test_an_object_is_what_was_compared(objects: list[Stored]) -> None:
    stored = {_md5(one.data): one for one in objects}
    with tempfile.TemporaryDirectory() as folder:
        for oid, one in stored.items():
            if one.is_here:
                Path(folder, oid).write_bytes(one.data)
        found = compare_objects(Objects(Files(stored)), Objects(None, Path(folder)), set(stored))  # type: ignore[arg-type]
    assert found.missing == {oid for oid, one in stored.items() if one.state == "missing"}
    assert found.cut == {oid for oid, one in stored.items() if one.state == "cut" and one.is_here}
    assert all(stored[oid].there != stored[oid].data for oid in found.altered)
    assert set(found.compared) == set(stored) - found.lacking
    for oid, compared in found.compared.items():
        one = stored[oid]
        by_checksum = compared in (Comparison.CHECKSUM, Comparison.SIZE_AND_CHECKSUM)
        assert by_checksum == (one.checksum == "md5" and one.there == one.data)
        assert one.is_here == (compared in (Comparison.SIZE, Comparison.SIZE_AND_CHECKSUM))
    # If the remote's checksums are hashes or nothing, every altered object that has one is found.
    if not any(one.checksum == "another hash" for one in objects):
        damaged = {oid for oid, one in stored.items() if one.there not in (None, one.data)}
        assert {oid for oid in damaged if stored[oid].checksum == "md5"} <= found.altered | found.cut
