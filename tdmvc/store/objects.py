"""Objects in DVC's cache: parts and listings, stored by content and verified before use."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tdmvc.errors import PartError, StoreError
from tdmvc.store.atomic_files import write_atomic
from tdmvc.store.content import table_content
from tdmvc.store.index import FileIndex

PART_SUFFIX = ".parquet"
_PART_NAME = re.compile(r"([0-9a-f]{64})(-[1-9][0-9]{0,8})?\.parquet")
_MD5_NAME = re.compile(r"[0-9a-f]{32}")
_OBJECT_MODE = 0o444
_MAX_LISTING_BYTES = 512 << 20
_RENEW_SECONDS = 86_400.0
"""An object of this age that is used again gets a new date, so that `gc` keeps it."""


@dataclass(frozen=True, slots=True)
class PartEntry:
    """One part in a listing."""

    name: str
    """`<content>.parquet`, or `<content>-2.parquet` for a second part with the same content."""
    md5: str

    @property
    def content(self) -> str:
        """The content hash, with its repeat number."""
        return self.name.removesuffix(PART_SUFFIX)

    @property
    def rows_content(self) -> str:
        """The content hash of its rows, which parts that repeat them share."""
        return self.content.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Listing:
    """The parts of a table: the content of a `.dir` object."""

    entries: tuple[PartEntry, ...]
    """Sorted by name."""

    @property
    def content(self) -> str:
        """The table's content hash."""
        return table_content(entry.content for entry in self.entries)

    @property
    def object(self) -> str:
        """The name of this listing's object: `<md5>.dir`."""
        return _md5(self.as_bytes()) + ".dir"

    def as_bytes(self) -> bytes:
        """Return the listing in DVC's format."""
        return json.dumps([{"md5": e.md5, "relpath": e.name} for e in self.entries], sort_keys=True).encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def is_named_after(oid: str, data: bytes) -> bool:
    """Return whether an object's name is the hash of these bytes."""
    return _md5(data) == oid.removesuffix(".dir")


def is_part_name(name: str) -> bool:
    """Return whether a file name is one that tdmvc gives to parts."""
    return bool(_PART_NAME.fullmatch(name))


class ObjectStore:
    """DVC's cache folder, read and written without DVC."""

    def __init__(self, cache_dir: Path, quarantine: Path, index: FileIndex) -> None:
        self.folder = cache_dir / "files" / "md5"
        self._quarantine = quarantine
        self._index = index

    def path(self, oid: str) -> Path:
        """Return an object's path, whether it exists or not."""
        return self.folder / oid[:2] / oid[2:]

    def has(self, oid: str) -> bool:
        return self.path(oid).is_file()

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their md5. Atomic and durable; equal bytes are kept once."""
        md5 = _md5(data)
        self._put(md5, data)
        return md5

    def adopt(self, oid: str, source: Path) -> bool:
        """Copy an object from another cache; return whether it was there, undamaged."""
        try:
            data = (source / "files" / "md5" / oid[:2] / oid[2:]).read_bytes()
        except OSError:
            return False
        if not is_named_after(oid, data):
            return False
        self._put(oid, data)
        return True

    def put_listing(self, listing: Listing) -> str:
        """Store a listing and return its object's name. Store its parts first."""
        self._put(listing.object, listing.as_bytes())
        return listing.object

    def read_listing(self, oid: str, owner: str) -> Listing:
        """Read and check a listing.

        Raises:
            PartError: it is missing, does not match its name, or names a file that is no part.
        """
        path = self.path(oid)
        with self._reading(path, oid, owner):
            if path.stat().st_size > _MAX_LISTING_BYTES:
                raise PartError.damaged(path, owner, "the listing is larger than any table's could be")
            data = path.read_bytes()
        self._check(path, oid, _md5(data), owner)
        return parse_listing(data, path, owner)

    def verified(self, md5: str, owner: str) -> Path:
        """Return an object's path after a check that its bytes match its name.

        Cost: one read of the file, or one stat if it is unchanged since the last check.

        Raises:
            PartError: missing, or damaged (and then set aside).
        """
        path = self.path(md5)
        with self._reading(path, md5, owner):
            actual = self._index.md5(path)
        self._check(path, md5, actual, owner)
        return path

    def renew(self, oid: str) -> None:
        """Give an object that is used again a new date, so that `gc` keeps it."""
        self._index.renew(self.path(oid), after_seconds=_RENEW_SECONDS)

    def aside(self, oid: str) -> Path | None:
        """Return the path to which a damaged object was moved, if it was."""
        path = self._quarantine / oid
        return path if path.exists() else None

    def read_any_listing(self, oid: str) -> bytes | None:
        """Return the bytes of any listing; None if it is missing or damaged (and then set aside)."""
        path = self.path(oid)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if is_named_after(oid, data):
            return data
        self._set_aside(path, oid)
        return None

    def size_bytes(self, md5: str) -> int:
        return self.path(md5).stat().st_size

    @contextmanager
    def _reading(self, path: Path, oid: str, owner: str) -> Iterator[None]:
        """Raise errors of the file system as errors of the store."""
        try:
            yield
        except FileNotFoundError:
            raise PartError.missing(oid, owner, [f"the cache ({self.folder})"]) from None
        except OSError as error:
            raise StoreError(
                f"Cannot read an object of {owner}: {error.strerror}.",
                where=str(path),
                remedy="correct the permissions of DVC's cache.",
            ) from error

    def _check(self, path: Path, oid: str, actual: str, owner: str) -> None:
        if actual != oid.removesuffix(".dir"):
            self._set_aside(path, oid)
            raise PartError.damaged(path, owner, "its bytes do not match its name (md5)")

    def _put(self, oid: str, data: bytes) -> None:
        path = self.path(oid)
        try:
            if path.stat().st_size == len(data) and self._index.md5(path) == oid.removesuffix(".dir"):
                self.renew(oid)
                return
        except OSError:
            pass
        write_atomic(path, data, mode=_OBJECT_MODE)
        self._index.remember(path, oid.removesuffix(".dir"))

    def _set_aside(self, path: Path, oid: str) -> None:
        """Move a damaged object out of the cache, so that the next use fetches a good one."""
        try:
            self._quarantine.mkdir(parents=True, exist_ok=True)
            aside = self._quarantine / oid
            aside.unlink(missing_ok=True)
            # The cache may be on another disk, so a rename is not enough.
            shutil.move(path, aside)
        except OSError:
            pass


def parse_listing(data: bytes, path: Path, owner: str) -> Listing:
    """Read the bytes of a listing.

    Raises:
        PartError: they are not a listing, or they name a file that is no part.
    """
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PartError.damaged(path, owner, "the listing is not JSON") from error
    if not isinstance(raw, list):
        raise PartError.damaged(path, owner, "the listing is not a list")
    entries: list[PartEntry] = []
    for item in raw:
        if not isinstance(item, dict) or not {"md5", "relpath"} <= set(item):
            raise PartError.damaged(path, owner, "an entry of the listing has no md5 or no relpath")
        name, md5 = str(item["relpath"]), str(item["md5"])
        if not is_part_name(name) or not _MD5_NAME.fullmatch(md5):
            raise PartError.hostile_listing(path, name)
        entries.append(PartEntry(name, md5))
    if len({entry.name for entry in entries}) != len(entries):
        raise PartError.damaged(path, owner, "the listing names a part twice")
    return Listing(tuple(sorted(entries, key=lambda entry: entry.name)))


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The size and date of an object in the cache or on a remote."""

    size_bytes: int
    modified: float | None
    """Seconds since 1970, or None if that is unknown."""

    def age_days(self, now: float) -> float | None:
        return None if self.modified is None else (now - self.modified) / 86_400


class ObjectStorage(Protocol):
    """The cache, or a remote."""

    def list_objects(self) -> dict[str, StoredObject]:
        """Return every object by name."""

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of objects."""

    def remove(self, objects: Mapping[str, StoredObject]) -> set[str]:
        """Remove objects that are still as they were listed, in this order; return those that were removed."""
