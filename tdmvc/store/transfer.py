"""Moves objects between the cache, the caches of a clone's other work trees, and remotes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tdmvc.errors import ConfigError, DamagedPartError, PartError, StoreError
from tdmvc.model.remote import RemoteObjects
from tdmvc.store import dvc
from tdmvc.store.dvc_config import DvcConfig, read_dvc_config, remote_folder
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """Where objects may come from besides the default remote, and what is told about it."""

    release_remote: str | None = None
    """A second remote for objects that the default one lacks."""
    other_roots: Callable[[], Sequence[Path]] = tuple
    """Returns the clone's other work trees, each of which may have a cache of its own."""
    warn: Callable[[str], None] = lambda message: None
    """Called with warnings, for example about a damaged object."""
    timed: Callable[[str], AbstractContextManager[None]] = lambda name: nullcontext()
    """Records how long a transfer takes."""


class ObjectTransfer:
    """Brings objects into the cache of a repository, and sends them to its remotes."""

    def __init__(
        self, root: Path, objects: ObjectStore, index: FileIndex, config: DvcConfig, options: TransferOptions
    ) -> None:
        self._root = root
        self._objects = objects
        self._index = index
        self._config = config
        self._options = options
        self.fetched_from: list[str] = []
        """The remotes from which objects were fetched, in the order of first use."""

    def push(self, oids: Iterable[str], *, remote: str | None = None) -> dvc.Sent:
        """Send objects, compare each with what the remote has, and record it."""
        wanted = set(oids)
        with self._options.timed("push"):
            sent = dvc.push(self._root, wanted, remote=remote)
        self._index.remember_pushed(self._remote_name(remote), sent.result.compared)
        return sent

    def fetch(
        self,
        oids: Iterable[str],
        owner: str,
        *,
        owners: Mapping[str, str] = MappingProxyType({}),
        remote: str | None = None,
    ) -> set[str]:
        """Fetch the objects that are missing; return those that no remote has.

        The caches of the clone's other work trees come first.
        Objects that the default remote lacks or cannot deliver are fetched from the release remote.

        Args:
            owners: for messages, the owners of objects that are not `owner`'s.

        Raises:
            PartError: an object arrived damaged.
            StoreError: the remote cannot be reached.
        """
        wanted = self.adopt({oid for oid in oids if not self._objects.has(oid)})
        if not wanted:
            return set()
        with self._options.timed("fetch"):
            return self._fetch_from_remotes({oid: owners.get(oid, owner) for oid in wanted}, remote)

    def need(self, oids: Sequence[str], owner: str, error: PartError) -> None:
        """Fetch objects, or raise the error that made them necessary.

        Raises:
            PartError: one of them is missing or damaged everywhere.
            StoreError: the remote cannot be reached.
        """
        if not self._config.remotes:
            if not self.adopt(set(oids)):
                return
            raise error if isinstance(error, DamagedPartError) else self.not_here(oids[0], owner)
        absent = self.fetch(oids, owner)
        if absent:
            raise self.not_here(min(absent), owner) from error

    def fetch_listings(self, oids: Iterable[str]) -> list[str]:
        """Fetch listings, also of other tools, from any remote that has them; return the errors."""
        wanted, complaints = set(oids), list[str]()
        order = (self._config.default_remote, self._options.release_remote)
        for name in sorted(self._config.remotes, key=lambda name: [name != first for first in order]):
            if wanted:
                try:
                    with self._options.timed("fetch"):
                        wanted = dvc.fetch(self._root, wanted, remote=name)
                except (StoreError, ConfigError) as error:
                    complaints.append(error.what)
        return complaints

    def compare(self, oids: Iterable[str], *, remote: str | None = None) -> RemoteObjects:
        """Return which objects a remote has, and which are whole (see `remote_files.compare_objects`)."""
        with self._options.timed("ask remote"):
            found = dvc.compare(self._root, oids, remote=remote)
        name = self._remote_name(remote)
        self._index.remember_pushed(name, found.compared)
        self._index.remember_pushed(name, found.lacking, is_there=False)
        return found

    def not_pushed(self, oids: Iterable[str]) -> set[str]:
        """Return the objects that this clone has never found on the default remote, without a request."""
        return set(oids) - self._index.pushed(self._remote_name(None))

    def adopt(self, oids: set[str]) -> set[str]:
        """Copy objects from the caches of the clone's other work trees; return those that none has."""
        for cache in self._other_caches() if oids else ():
            oids = {oid for oid in oids if not self._objects.adopt(oid, cache)}
        return oids

    def looked_in(self) -> list[str]:
        """Return the places where objects were looked for, as text."""
        places = [f"the cache ({self._objects.folder})"]
        places += [f"the cache of another work tree ({cache})" for cache in self._other_caches()]
        if not self._config.remotes:
            return [*places, "no remote (none is configured)"]
        names = (self._config.default_remote or next(iter(self._config.remotes)), self._second_remote(None))
        for name in filter(None, names):
            folder = remote_folder(self._root, self._config.remotes.get(name, ""))
            # DVC takes a folder that is not there, as on a disk that is not mounted, for an empty remote.
            is_gone = folder is not None and not folder.exists()
            places.append(f"remote '{name}'" + (f" (there is no folder {folder})" if is_gone else ""))
        return places

    def not_here(self, oid: str, owner: str) -> PartError:
        """Return the error for an object that is missing everywhere, or damaged and set aside earlier."""
        aside = self._objects.aside(oid)
        if aside is not None:
            return PartError.set_aside(oid, owner, aside, self.looked_in())
        return PartError.missing(oid, owner, self.looked_in(), has_remote=bool(self._config.remotes))

    def _fetch_from_remotes(self, wanted: Mapping[str, str], remote: str | None) -> set[str]:
        second = self._second_remote(remote)
        failed: StoreError | ConfigError | None = None
        try:
            absent, failed = self._bring(wanted, remote)
        except PartError:
            raise
        except (StoreError, ConfigError) as error:
            if second is None:
                raise
            absent, failed = {oid for oid in wanted if not self._objects.has(oid)}, error
        if absent and second is not None:
            absent = self._fetch_from_release_remote({oid: wanted[oid] for oid in absent}, second)
        if absent and failed is not None:
            raise failed
        return absent

    def _fetch_from_release_remote(self, wanted: Mapping[str, str], second: str) -> set[str]:
        absent, damage = self._bring(wanted, second)
        if damage is not None:
            raise damage
        if fetched := len(wanted.keys() - absent):
            owner = wanted[min(wanted.keys() - absent)]
            objects, them = ("object", "it") if fetched == 1 else ("objects", "them")
            self._options.warn(
                f"{fetched} {objects} of {owner} came from the remote '{second}', because the default remote did not "
                f"deliver {them}; `tdmvc push {owner.rpartition('/')[0]}` puts {them} back."
            )
        return absent

    def _bring(
        self, wanted: Mapping[str, str], remote: str | None
    ) -> tuple[set[str], StoreError | ConfigError | None]:
        """Fetch objects; return those that are absent or damaged on the remote, and the error of a damaged one."""
        absent = dvc.fetch(self._root, wanted, remote=remote)
        damage: PartError | None = None
        name = self._remote_name(remote)
        for oid in sorted(wanted.keys() - absent):
            owner = wanted[oid]
            try:
                if oid.endswith(".dir"):
                    self._objects.read_listing(oid, owner)
                else:
                    self._objects.verified(oid, owner)
            except PartError:
                if self._objects.has(oid):
                    # Its bytes match its name, so every remote has the same.
                    raise
                damage = damage or PartError.arrived_damaged(oid, owner, name)
                absent.add(oid)
        arrived = wanted.keys() - absent
        self._index.remember_pushed(name, arrived)
        if arrived and name not in self.fetched_from:
            self.fetched_from.append(name)
        return absent, damage

    def _other_caches(self) -> list[Path]:
        """Return the caches of the clone's other work trees."""
        found = []
        for root in self._options.other_roots():
            try:
                found.append(read_dvc_config(root).cache_dir)
            except ConfigError:
                continue  # a branch without DVC
        return [cache for cache in dict.fromkeys(found) if cache != self._config.cache_dir]

    def _second_remote(self, remote: str | None) -> str | None:
        """Return the release remote, if no remote was named and this clone has it."""
        is_there = self._options.release_remote in self._config.remotes
        return self._options.release_remote if remote is None and is_there else None

    def _remote_name(self, remote: str | None) -> str:
        return remote or self._config.default_remote or ""
