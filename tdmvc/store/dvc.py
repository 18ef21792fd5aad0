"""The only module that uses DVC: to create a repository, and to transfer objects to and from remotes.

DVC is imported when a function here is first called, because its import takes a third of a second.
Contract tests pin what is used of it, which is the same from dvc 3.50 to 3.67.
"""

import contextlib
import importlib
import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdmvc.errors import ConfigError, StoreError
from tdmvc.store.objects import StoredObject

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc_data.hashfile.db import HashFileDB


def init_repository(root: Path, *, is_subfolder: bool) -> None:
    """Create a DVC repository, as `dvc init` does.

    Raises:
        StoreError: DVC fails.
    """
    with _quiet():
        from dvc.repo import Repo

        try:
            with contextlib.redirect_stdout(io.StringIO()):
                Repo.init(str(root), subdir=is_subfolder).close()
        except Exception as error:  # DVC has no narrower base for what init may raise
            raise StoreError(
                f"`dvc init` failed: {error}",
                where=str(root),
                remedy="run `dvc init` yourself to see the cause.",
            ) from error


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of a push."""

    moved: frozenset[str]
    """The objects that the push added."""
    missing: frozenset[str]
    """The objects that the remote still lacks."""


def push(root: Path, oids: Iterable[str], *, remote: str | None = None) -> Sent:
    """Send objects, then check that the remote has each, with its size.

    An object that has another size there, such as one that a killed push left, is sent again. Parts
    are sent before the listings that name them, so that a remote never has a listing without its
    parts. The presence of a listing is not taken as proof that its parts exist.

    Raises:
        StoreError: the remote cannot be reached or refuses.
    """
    wanted = set(oids)
    with _opened(root) as repo, _remote(repo, remote) as there:
        here = repo.cache.local
        existing = _existing(there, wanted)
        damaged = existing - _whole(there, here, existing)
        for oid in sorted(damaged):
            there.fs.remove(there.oid_to_path(oid))
        missing = (wanted - existing) | damaged
        for batch in _parts_before_listings(missing):
            _transfer(here, there, batch)
        lacking = missing - _whole(there, here, _existing(there, missing))
        return Sent(frozenset(missing - lacking), frozenset(lacking))


def fetch(root: Path, oids: Iterable[str], *, remote: str | None = None) -> set[str]:
    """Fetch objects into the cache; return those that the remote does not have.

    The caller verifies what arrived.

    Raises:
        StoreError: the remote cannot be reached or refuses.
    """
    wanted = set(oids)
    with _opened(root) as repo, _remote(repo, remote) as there:
        existing = _existing(there, wanted)
        for batch in _parts_before_listings(existing):
            _transfer(there, repo.cache.local, batch)
        return wanted - existing


def missing_on_remote(root: Path, oids: Iterable[str], *, remote: str | None = None) -> set[str]:
    """Return the objects that a remote does not have, or has with another size than this clone's copy.

    Cost: two requests for each.
    """
    wanted = set(oids)
    with _opened(root) as repo, _remote(repo, remote) as there:
        return wanted - _whole(there, repo.cache.local, _existing(there, wanted))


@contextlib.contextmanager
def repository_lock(root: Path) -> Iterator[None]:
    """Hold the lock that DVC's own commands take while they change the cache and its pointers.

    Raises:
        StoreError: a DVC command holds it.
    """
    with _opened(root) as repo:
        from dvc.lock import LockError

        try:
            repo.lock.lock()
        except LockError as error:
            raise StoreError(
                "A DVC command is running in this repository.",
                where=str(root),
                remedy="wait until it ends, then run the same command again.",
            ) from error
        try:
            yield
        finally:
            repo.lock.unlock()


class RemoteStorage:
    """Lists, reads and removes the objects of one remote. See `open_remote`."""

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
            yield oid, bytes(self._there.fs.cat_file(self._there.oid_to_path(oid)))

    def remove(self, objects: Mapping[str, StoredObject]) -> set[str]:
        """Remove objects, in as few requests as the file system allows."""
        oids = list(objects)
        for start in range(0, len(oids), _AT_ONCE):
            self._there.fs.rm([self._there.oid_to_path(oid) for oid in oids[start : start + _AT_ONCE]])
        return set(oids)

    def _files(self) -> Iterator[tuple[str, dict[str, Any]]]:
        files: Any = self._there.fs
        if files.protocol in ("http", "https"):
            raise OSError("objects cannot be listed or removed over HTTP")
        if files.protocol == "local":
            for path in files.find(self._there.path):
                yield path, files.info(path)
        else:
            yield from files.fs.find(self._there.path, detail=True).items()


@contextlib.contextmanager
def open_remote(root: Path, remote: str | None) -> Iterator[RemoteStorage]:
    """Open a remote's objects; every error of its file system becomes a StoreError.

    Raises:
        StoreError: the remote cannot be reached or refuses.
    """
    with _opened(root) as repo, _remote(repo, remote) as there:
        yield RemoteStorage(there)


_AT_ONCE = 500
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "ModifiedTime", "modifiedTime")


def _modified(facts: dict[str, Any]) -> float | None:
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


_ABSENT = frozenset({404, 410})
"""The HTTP statuses that say that an object does not exist."""


def _existing(there: "HashFileDB", oids: set[str]) -> set[str]:
    found = set(there.list_oids_exists(sorted(oids))) if oids else set()
    if oids and not found:
        _make_sure_that_it_answers(there, min(oids))
    return found


def _whole(there: "HashFileDB", here: "HashFileDB", oids: set[str]) -> set[str]:
    """Return the objects whose size on the remote is that of this clone's copy, or not known."""
    wanted = sorted(oids)
    files: Any = there.fs
    facts = files.info([there.oid_to_path(oid) for oid in wanted]) if wanted else []
    return {oid for oid, fact in zip(wanted, facts, strict=True) if _is_size_of(here, oid, fact.get("size"))}


def _is_size_of(here: "HashFileDB", oid: str, size_bytes: int | None) -> bool:
    path = Path(here.oid_to_path(oid))
    return size_bytes is None or not path.is_file() or path.stat().st_size == size_bytes


def _make_sure_that_it_answers(there: "HashFileDB", oid: str) -> None:
    """Raise the error of a remote that cannot be reached or refuses: over HTTP, it looks like an empty remote."""
    try:
        there.fs.info(there.oid_to_path(oid))
    except FileNotFoundError as error:
        cause = error.__cause__
        if cause is None or isinstance(cause, FileNotFoundError):
            return
        if isinstance(cause, OSError) or getattr(cause, "status", 404) not in _ABSENT:
            raise cause from error


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


@contextlib.contextmanager
def _opened(root: Path) -> Iterator["Repo"]:
    with _quiet():
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        try:
            repo = Repo(str(root))
        except DvcException as error:
            raise ConfigError(
                f"DVC cannot open this repository: {error}", where=str(root), remedy="run `dvc doctor` there."
            ) from error
        try:
            yield repo
        finally:
            repo.close()


@contextlib.contextmanager
def _remote(repo: "Repo", name: str | None) -> Iterator["HashFileDB"]:
    """Open a remote; every error of its file system becomes a StoreError."""
    from dvc.config import ConfigError as DvcConfigError
    from dvc.config import NoRemoteError

    label = name or repo.config["core"].get("remote") or "(default)"
    try:
        odb: Any = repo.cloud.get_remote_odb(name, "push")
    except DvcConfigError as error:
        why = "none is configured" if isinstance(error, NoRemoteError) else str(error).splitlines()[0]
        raise ConfigError(
            f"No usable DVC remote: {why}.",
            where=str(Path(repo.root_dir) / ".dvc" / "config"),
            remedy="add one with `dvc remote add -d NAME URL`, or choose one with --remote.",
        ) from error
    except ImportError as error:
        raise StoreError(
            f"The remote '{label}' cannot be used: {error}.",
            where=str(Path(repo.root_dir) / ".dvc" / "config"),
            remedy="install the package that it needs, for example `pip install dvc-s3`.",
        ) from error
    try:
        yield odb
    except StoreError:
        raise
    except Exception as error:  # each file system of fsspec raises its own kind
        refused = "access is denied (HTTP 403): " if isinstance(error, PermissionError) else ""
        raise StoreError.remote(label, refused + (str(error) or type(error).__name__)) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep DVC from writing to the terminal."""
    # DVC sets its log level when it is imported, so import it first.
    importlib.import_module("dvc.repo")
    logger = logging.getLogger("dvc")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
