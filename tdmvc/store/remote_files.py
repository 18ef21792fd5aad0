"""The objects of an open remote: which it has, whether they are whole, copying, listing, reading and removing them."""

import base64
import binascii
import contextlib
import errno
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdmvc.errors import StoreError
from tdmvc.model.remote import Comparison, RemoteObjects
from tdmvc.store.atomic_files import remove_quietly
from tdmvc.store.objects import StoredObject, is_named_after

if TYPE_CHECKING:
    from dvc_data.hashfile.db import HashFileDB

_AT_ONCE = 500
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "ModifiedTime", "modifiedTime")
_HTTP = frozenset({"http", "https"})
_ABSENT = frozenset({404, 410})
"""The HTTP statuses that say that an object does not exist."""
_WITH_BUCKETS = frozenset({"s3", "gs", "oss", "azure"})
"""The file systems in which the first part of a path is made by its owner, not by a push."""
_MD5 = re.compile(r'"?([0-9a-f]{32})"?', re.IGNORECASE)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def stat_objects(there: "HashFileDB", oids: set[str]) -> dict[str, dict[str, Any]]:
    """Return what the remote's file system says of each object that it has. Cost: one request for each.

    Raises:
        OSError: the remote cannot be reached or refuses, or its bucket does not exist.
    """
    files: Any = there.fs
    files.fs.invalidate_cache()
    ordered = sorted(oids)
    # The first one is asked for alone, so that a remote that does not answer is asked only once.
    found = [_facts(there, oid) for oid in ordered[:1]]
    with ThreadPoolExecutor(max_workers=files.jobs) as executor:
        found += executor.map(lambda oid: _facts(there, oid), ordered[1:])
    facts = {oid: fact for oid, fact in zip(ordered, found, strict=True) if fact is not None}
    if oids and not facts:
        _check_bucket(there)
    return facts


def compare_objects(there: "HashFileDB", here: "HashFileDB", oids: set[str]) -> RemoteObjects:
    """Return which objects the remote has, and which of them are whole as far as it tells without being read.

    An object whose checksum there is not that of its name is read, because not every checksum that looks
    like an MD5 hash is one: with some kinds of encryption and in some kinds of buckets, it is not. As soon
    as such an object turns out to be whole, the others count as compared by size only.

    Cost: one request for each object, and reading those with another checksum.
    """
    facts = stat_objects(there, oids)
    compared: dict[str, Comparison] = {}
    cut: set[str] = set()
    disputed: dict[str, int] = {}
    for oid, fact in facts.items():
        size, own = fact.get("size"), _size_here(here, oid)
        checksum = _md5_of(fact)
        by_size = size is not None and own is not None
        if by_size and size != own:
            cut.add(oid)
            continue
        compared[oid] = Comparison.SIZE if by_size else Comparison.PRESENCE
        if checksum == oid.removesuffix(".dir"):
            compared[oid] = Comparison.SIZE_AND_CHECKSUM if by_size else Comparison.CHECKSUM
        elif checksum is not None:
            disputed[oid] = int(size or 0)
    altered = _read_altered(there, disputed)
    return RemoteObjects(
        {oid: one for oid, one in compared.items() if oid not in altered},
        frozenset(oids - set(facts)),
        frozenset(cut),
        frozenset(altered),
    )


def copy_to_remote(here: "HashFileDB", there: "HashFileDB", oids: set[str]) -> None:
    """Write objects to a remote, the parts before the listings that name them.

    Raises:
        OSError: the remote refuses, or its disk is full. Nothing incomplete is left under an object's name.
    """
    for batch in _parts_before_listings(oids):
        if there.fs.protocol == "local":
            for oid in sorted(batch):
                _copy_file(there, Path(here.oid_to_path(oid)), Path(there.oid_to_path(oid)))
        else:
            _transfer(here, there, batch)


def copy_from_remote(there: "HashFileDB", here: "HashFileDB", oids: set[str]) -> None:
    """Copy objects into the cache; the caller verifies them.

    Raises:
        StoreError: the cache cannot be written.
        OSError: the remote refuses.
    """
    try:
        for batch in _parts_before_listings(oids):
            _transfer(there, here, batch)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreError.disk(here.path, error) from error
        raise


class RemoteStorage:
    """Lists, reads and removes the objects of one remote. See `dvc.open_remote`."""

    def __init__(self, there: "HashFileDB") -> None:
        self._there = there

    def list_objects(self) -> dict[str, StoredObject]:
        """Return every object of the remote by name. Cost: one listing of all its files."""
        found: dict[str, StoredObject] = {}
        for path, facts in self._files():
            folder, _, rest = path.replace("\\", "/").rpartition("/")
            oid = folder.rpartition("/")[2] + rest
            if self._there.oid_to_path(oid).replace("\\", "/").endswith(f"/{folder[-2:]}/{rest}"):
                found[oid] = StoredObject(int(facts.get("size") or 0), _modified(facts))
        return found

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of objects, one request each."""
        for oid in oids:
            yield oid, _read(self._there, oid)

    def remove(self, objects: Mapping[str, StoredObject]) -> set[str]:
        """Remove objects, in as few requests as the file system allows."""
        oids = list(objects)
        for start in range(0, len(oids), _AT_ONCE):
            self._there.fs.rm([self._there.oid_to_path(oid) for oid in oids[start : start + _AT_ONCE]])
        return set(oids)

    def _files(self) -> Iterator[tuple[str, dict[str, Any]]]:
        files: Any = self._there.fs
        if files.protocol in _HTTP:
            raise OSError("objects cannot be listed or removed over HTTP")
        if files.protocol == "local":
            for path in files.find(self._there.path):
                yield path, files.info(path)
        else:
            yield from files.fs.find(self._there.path, detail=True).items()


def _facts(there: "HashFileDB", oid: str) -> dict[str, Any] | None:
    """Return what the file system says of an object; None if it is not there."""
    try:
        facts: dict[str, Any] = there.fs.info(there.oid_to_path(oid))
    except FileNotFoundError as error:
        # Over HTTP, each failure looks like a missing file; its cause tells what happened.
        cause = error.__cause__ if there.fs.protocol in _HTTP else None
        if cause is None or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in _ABSENT:
            return None
        raise cause from error
    return None if facts.get("type") == "directory" else facts


def _check_bucket(there: "HashFileDB") -> None:
    """Raise FileNotFoundError if the bucket of an object storage does not exist, which looks like an empty one."""
    if there.fs.protocol not in _WITH_BUCKETS:
        return
    bucket = there.path.lstrip("/").partition("/")[0]
    try:
        there.fs.info(bucket)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"the bucket '{bucket}' does not exist") from error
    except OSError:
        # Whoever may read objects need not be allowed to ask about the bucket.
        return


def _read_altered(there: "HashFileDB", sizes: Mapping[str, int]) -> set[str]:
    altered: set[str] = set()
    for oid in sorted(sizes, key=lambda oid: (sizes[oid], oid)):
        if is_named_after(oid, _read(there, oid)):
            break
        altered.add(oid)
    return altered


def _read(there: "HashFileDB", oid: str) -> bytes:
    return bytes(there.fs.cat_file(there.oid_to_path(oid)))


def _md5_of(facts: Mapping[str, Any]) -> str | None:
    """Return what may be the MD5 hash of a file, from the different forms of fsspec's file systems.

    The ETag of an object that was uploaded in several pieces (`…-7`) is no hash of its bytes.
    """
    if found := _MD5.fullmatch(str(facts.get("ETag") or "")):
        return found[1].lower()
    for name in ("md5Hash", "Content-MD5"):
        with contextlib.suppress(binascii.Error, ValueError):
            digest = base64.b64decode(str(facts.get(name) or ""), validate=True)
            if len(digest) == 16:
                return digest.hex()
    return None


def _modified(facts: Mapping[str, Any]) -> float | None:
    """Return when a file was last modified, from the different forms of fsspec's file systems."""
    time = next((facts[name] for name in _TIMES if facts.get(name)), None)
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError:
            return None
    if isinstance(time, datetime):
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return float(time) if isinstance(time, int | float) else None


def _size_here(here: "HashFileDB", oid: str) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return Path(here.oid_to_path(oid)).stat().st_size
    return None


def _parts_before_listings(oids: set[str]) -> list[set[str]]:
    listings = {oid for oid in oids if oid.endswith(".dir")}
    return [batch for batch in (oids - listings, listings) if batch]


def _transfer(source: "HashFileDB", target: "HashFileDB", oids: set[str]) -> None:
    """Copy objects as plain files, because DVC's own status takes a listing as proof of its parts."""
    target.add(
        [source.oid_to_path(oid) for oid in sorted(oids)],
        source.fs,
        sorted(oids),
        on_error=_raise_error,
        check_exists=False,
    )


def _raise_error(oid: str, error: BaseException) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _copy_file(there: "HashFileDB", source: Path, target: Path) -> None:
    """Copy a file to a folder remote under its name only when it is whole; DVC does so only on some disks."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".tdmvc-{secrets.token_hex(8)}.tmp")
    try:
        try:
            there.fs.reflink(str(source), str(temporary))
        except OSError:
            shutil.copyfile(source, temporary)
        temporary.chmod(0o444)
        temporary.replace(target)
    except BaseException:
        remove_quietly(temporary)
        raise
