"""A repository's store: listings and parts by name, fetched if they are missing."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tdmvc.errors import ConfigError, DamagedPartError, PartError, StoreError
from tdmvc.model.remote import RemoteObjects
from tdmvc.store import dvc, worktree
from tdmvc.store.build import BuiltTable, KnownPart
from tdmvc.store.content import part_content
from tdmvc.store.dvc_config import DvcConfig, read_dvc_config, state_folder
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import Listing, ObjectStore, PartEntry
from tdmvc.store.parquet import count_rows, read_part
from tdmvc.store.part_columns import PartColumns


class Store:
    """The bytes of all datasets of a repository."""

    def __init__(
        self,
        root: Path,
        *,
        release_remote: str | None = None,
        warn: Callable[[str], None] = lambda message: None,
        timed: Callable[[str], AbstractContextManager[None]] = lambda name: nullcontext(),
        other_roots: Callable[[], Sequence[Path]] = tuple,
    ) -> None:
        """Open the store of the repository whose `.dvc` folder is in `root`.

        Args:
            release_remote: a second remote for objects that the default one lacks.
            warn: called with warnings, for example about a damaged object.
            timed: records how long a transfer takes.
            other_roots: returns the clone's other work trees, each of which may have a cache of its own.
        """
        self.root = root
        self._other_roots = other_roots
        self.release_remote = release_remote
        self._warn = warn
        self._timed = timed
        self._named: dict[str, tuple[PartEntry, str]] = {}
        """The first part of each name that this process has read in a listing, and its owner."""
        self._columns = PartColumns()
        self.fetched_from: list[str] = []
        """The remotes from which objects were fetched, in the order of first use."""
        self.config: DvcConfig = read_dvc_config(root)
        self.state_folder = state_folder(root)
        self.index = FileIndex(self.state_folder / "index.sqlite")
        self.objects = ObjectStore(self.config.cache_dir, self.state_folder / "quarantine", self.index)

    def close(self) -> None:
        self.index.close()

    def put(self, name: str, data: bytes) -> str:
        """Keep a part (see `build.PartSink`)."""
        return self.objects.put(data)

    def work_tree_writer(self) -> "worktree.WorkTreeWriter":
        return worktree.WorkTreeWriter(self.objects, self.index, self.config.link_types)

    def listing(self, oid: str, owner: str) -> Listing:
        """Return the listing of a table, fetched if it is missing.

        A part's name is its content hash, and states are compared by these names. So if two listings
        name a part alike and its bytes differ, the rows of both are checked. Cost: nothing, or one read
        of each such part, once in a clone.

        Raises:
            PartError: it is missing or damaged everywhere, or a part has other rows than its name says.
        """
        listing = self._listing(oid, owner)
        for entry in listing.entries:
            other, its_owner = self._named.setdefault(entry.rows_content, (entry, owner))
            if other.md5 != entry.md5:
                for one, place in ((entry, owner), (other, its_owner)):
                    self.check_rows(one, place)
            self._refuse_mislabelled(entry, owner)
        return listing

    def check_names(self, oids: Iterable[str], owner: str) -> None:
        """Check the parts that several listings of a table name alike, in the listings that are in the cache.

        Raises:
            PartError: a listing is damaged, or a part has other rows than its name says.
        """
        for oid in sorted(oids):
            if self.objects.has(oid):
                self.listing(oid, owner)

    def checked_listing(self, oid: str, owner: str) -> Listing:
        """Return a listing after checking the rows of its parts that are in the cache.

        Cost: a part that this clone neither wrote nor checked before is read once.

        Raises:
            PartError: as `listing` does, or a part has other rows than its name says.
        """
        listing = self.listing(oid, owner)
        for entry in listing.entries:
            if self.objects.has(entry.md5):
                self.check_rows(entry, owner)
        return listing

    def check_rows(self, entry: PartEntry, owner: str) -> None:
        """Make sure that a part has the rows that its name stands for. Cost: one read, once in a clone.

        Raises:
            MislabelledPartError: it has other rows. From then on, no listing that names it is read.
            PartError: the part is missing or damaged everywhere.
        """
        if self.index.content(entry.md5) is None:
            [path] = self.parts(Listing((entry,)), owner)
            self.index.remember_content(entry.md5, part_content(read_part(str(path))))
        self._refuse_mislabelled(entry, owner)

    def _refuse_mislabelled(self, entry: PartEntry, owner: str) -> None:
        actual = self.index.content(entry.md5)
        if actual is not None and actual != entry.rows_content:
            self.index.save()
            raise PartError.mislabelled(entry.content, self.objects.path(entry.md5), owner)

    def _listing(self, oid: str, owner: str) -> Listing:
        try:
            return self.objects.read_listing(oid, owner)
        except PartError as error:
            if self.objects.has(oid):
                # Its bytes match its name and are invalid, so a fetch would bring the same bytes.
                raise
            self._fetch([oid], owner, error)
            found = self.objects.read_listing(oid, owner)
            self._warn_of_replacement(oid, owner, error)
            return found

    def parts(self, listing: Listing, owner: str, names: Collection[str] | None = None) -> list[Path]:
        """Return the verified files of a listing's parts; missing ones are fetched together.

        Args:
            names: content names of the wanted parts; None means all.

        Raises:
            PartError: a part is missing or damaged everywhere, or the parts do not have the same columns.
        """
        wanted = [e for e in listing.entries if names is None or e.content in names]
        missing = [entry.md5 for entry in wanted if not self.objects.has(entry.md5)]
        if missing:
            self._fetch(missing, owner, self.not_here(missing[0], owner))
        paths: list[Path] = []
        for entry in wanted:
            try:
                paths.append(self.objects.verified(entry.md5, owner))
            except PartError as error:
                self._fetch([entry.md5], owner, error)
                paths.append(self.objects.verified(entry.md5, owner))
                self._warn_of_replacement(entry.md5, owner, error)
        self._columns.check(listing, wanted, paths, owner)
        return paths

    def locate(self, listing: Listing, owner: str) -> Callable[[Sequence[str]], Sequence[Path]]:
        """Return a function from content names to files (see `model.change.TableSide`)."""
        return lambda names: self.parts(listing, owner, set(names))

    def rows(self, listing: Listing, owner: str) -> int:
        """Return the number of rows of a table. Cost: one footer for each part not counted before."""
        total = 0
        unknown: set[str] = set()
        for entry in listing.entries:
            rows = self.index.rows(entry.md5)
            if rows is None:
                unknown.add(entry.content)
            else:
                total += rows
        by_content = {entry.content: entry for entry in listing.entries}
        ordered = [entry for entry in listing.entries if entry.content in unknown]
        for entry, path in zip(ordered, self.parts(listing, owner, unknown) if unknown else [], strict=True):
            rows = count_rows(str(path))
            self.index.remember_rows(by_content[entry.content].md5, rows)
            total += rows
        return total

    def size_bytes(self, listing: Listing) -> int:
        """Return the size of the parts in the cache."""
        return sum(self.objects.size_bytes(e.md5) for e in listing.entries if self.objects.has(e.md5))

    def known_parts(self, listing: Listing | None) -> dict[str, KnownPart]:
        """Return the parts in the cache, whose bytes can be used again, by content hash."""
        known: dict[str, KnownPart] = {}
        for entry in listing.entries if listing else ():
            if self.objects.has(entry.md5):
                self.objects.renew(entry.md5)
                known[entry.content] = KnownPart(entry.md5, self.objects.size_bytes(entry.md5))
        return known

    def keep(self, table: BuiltTable) -> str:
        """Keep a built table's listing and its row counts; return the listing's object."""
        for md5, rows in table.part_rows.items():
            self.index.remember_rows(md5, rows)
        for entry in table.listing.entries:
            self.index.remember_content(entry.md5, entry.rows_content)
        return self.objects.put_listing(table.listing)

    def is_here(self, listing: Listing) -> bool:
        """Return whether every part of a listing is in the cache."""
        return all(self.objects.has(entry.md5) for entry in listing.entries)

    def closure(self, oid: str, owner: str) -> set[str]:
        """Return all objects that a pointer needs: the listing and every part."""
        return {oid} | {entry.md5 for entry in self.listing(oid, owner).entries}

    def adopt(self, oids: set[str]) -> set[str]:
        """Copy objects from the caches of the clone's other work trees; return those that none has."""
        for cache in self._other_caches() if oids else ():
            oids = {oid for oid in oids if not self.objects.adopt(oid, cache)}
        return oids

    def _other_caches(self) -> list[Path]:
        """Return the caches of the clone's other work trees."""
        found = []
        for root in self._other_roots():
            try:
                found.append(read_dvc_config(root).cache_dir)
            except ConfigError:
                continue  # a branch without DVC
        return [cache for cache in dict.fromkeys(found) if cache != self.config.cache_dir]

    def looked_in(self) -> list[str]:
        """Return the places where objects were looked for, as text."""
        places = [f"the cache ({self.objects.folder})"]
        places += [f"the cache of another work tree ({cache})" for cache in self._other_caches()]
        if not self.config.remotes:
            return [*places, "no remote (none is configured)"]
        places.append(f"remote '{self.config.default_remote or next(iter(self.config.remotes))}'")
        if self._second_remote(None):
            places.append(f"remote '{self.release_remote}'")
        return places

    def not_here(self, oid: str, owner: str) -> PartError:
        """Return the error for an object that is missing everywhere, or damaged and set aside earlier."""
        aside = self.objects.aside(oid)
        if aside is not None:
            return PartError.set_aside(oid, owner, aside, self.looked_in())
        return PartError.missing(oid, owner, self.looked_in(), has_remote=bool(self.config.remotes))

    def push(self, oids: Iterable[str], *, remote: str | None = None) -> "dvc.Sent":
        """Send objects, compare each with what the remote has, and record it."""
        wanted = set(oids)
        with self._timed("push"):
            sent = dvc.push(self.root, wanted, remote=remote)
        self.index.remember_pushed(self._remote_name(remote), sent.result.compared)
        return sent

    def fetch(self, oids: Iterable[str], owner: str, *, remote: str | None = None) -> set[str]:
        """Fetch the objects that are missing; return those that no remote has.

        The caches of the clone's other work trees come first.
        Objects that the default remote lacks or cannot deliver are fetched from the release remote.

        Raises:
            PartError: an object arrived damaged.
            StoreError: the remote cannot be reached.
        """
        wanted = self.adopt({oid for oid in oids if not self.objects.has(oid)})
        if not wanted:
            return set()
        with self._timed("fetch"):
            return self._fetch_from_remotes(wanted, owner, remote)

    def _fetch_from_remotes(self, wanted: set[str], owner: str, remote: str | None) -> set[str]:
        second = self._second_remote(remote)
        failed: StoreError | ConfigError | None = None
        try:
            absent, failed = self._bring(wanted, owner, remote)
        except PartError:
            raise
        except (StoreError, ConfigError) as error:
            if second is None:
                raise
            absent, failed = {oid for oid in wanted if not self.objects.has(oid)}, error
        if absent and second is not None:
            absent = self._fetch_from_release_remote(absent, owner, second)
        if absent and failed is not None:
            raise failed
        return absent

    def fetch_listings(self, oids: Iterable[str]) -> list[str]:
        """Fetch listings, also of other tools, from any remote that has them; return the errors."""
        wanted, complaints = set(oids), list[str]()
        order = (self.config.default_remote, self.release_remote)
        for name in sorted(self.config.remotes, key=lambda name: [name != first for first in order]):
            if wanted:
                try:
                    with self._timed("fetch"):
                        wanted = dvc.fetch(self.root, wanted, remote=name)
                except (StoreError, ConfigError) as error:
                    complaints.append(error.what)
        return complaints

    def compare_with_remote(self, oids: Iterable[str], *, remote: str | None = None) -> RemoteObjects:
        """Return which objects a remote has, and which are whole (see `remote_files.compare_objects`)."""
        with self._timed("ask remote"):
            found = dvc.compare(self.root, oids, remote=remote)
        name = self._remote_name(remote)
        self.index.remember_pushed(name, found.compared)
        self.index.remember_pushed(name, found.lacking, is_there=False)
        return found

    def not_pushed(self, oids: Iterable[str]) -> set[str]:
        """Return the objects that this clone has never found on the default remote, without a request."""
        return set(oids) - self.index.pushed(self._remote_name(None))

    def _fetch(self, oids: Sequence[str], owner: str, error: PartError) -> None:
        """Fetch objects, or raise the error that made them necessary."""
        if not self.config.remotes:
            if not self.adopt(set(oids)):
                return
            raise error if isinstance(error, DamagedPartError) else self.not_here(oids[0], owner)
        absent = self.fetch(oids, owner)
        if absent:
            raise self.not_here(min(absent), owner) from error

    def _bring(
        self, wanted: set[str], owner: str, remote: str | None
    ) -> tuple[set[str], StoreError | ConfigError | None]:
        """Fetch objects; return those that are absent or damaged on the remote, and the error of a damaged one."""
        absent = dvc.fetch(self.root, wanted, remote=remote)
        damage: PartError | None = None
        for oid in sorted(wanted - absent):
            try:
                if oid.endswith(".dir"):
                    self.objects.read_listing(oid, owner)
                else:
                    self.objects.verified(oid, owner)
            except PartError as error:
                if self.objects.has(oid):
                    # Its bytes match its name, so every remote has the same.
                    raise
                damage = damage or error
                absent.add(oid)
        arrived = wanted - absent
        name = self._remote_name(remote)
        self.index.remember_pushed(name, arrived)
        if arrived and name not in self.fetched_from:
            self.fetched_from.append(name)
        return absent, damage

    def _fetch_from_release_remote(self, wanted: set[str], owner: str, second: str) -> set[str]:
        absent, damage = self._bring(wanted, owner, second)
        if damage is not None:
            raise damage
        if fetched := len(wanted - absent):
            objects, them = ("object", "it") if fetched == 1 else ("objects", "them")
            self._warn(
                f"{fetched} {objects} of {owner} came from the remote '{second}', because the default remote did not "
                f"deliver {them}; `tdmvc push {owner.rpartition('/')[0]}` puts {them} back."
            )
        return absent

    def _second_remote(self, remote: str | None) -> str | None:
        """Return the release remote, if no remote was named and this clone has it."""
        is_there = self.release_remote in self.config.remotes
        return self.release_remote if remote is None and is_there else None

    def _warn_of_replacement(self, oid: str, owner: str, error: PartError) -> None:
        if isinstance(error, DamagedPartError):
            aside = self.objects.aside(oid)
            place = f" to {aside}" if aside else ""
            self._warn(
                f"A damaged object of {owner} ({oid}) was set aside{place}, and a good one was fetched."
            )

    def _remote_name(self, remote: str | None) -> str:
        return remote or self.config.default_remote or ""
