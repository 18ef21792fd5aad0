"""A repository's store: listings and parts by name, fetched when they are missing."""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tdmvc.errors import PartError
from tdmvc.late import import_late
from tdmvc.store.dvc_config import DvcConfig, read_dvc_config
from tdmvc.store.footers import count_rows
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import Listing, ObjectStore

if TYPE_CHECKING:
    from tdmvc.store import built, dvc, worktree
else:
    built = import_late("tdmvc.store.built")
    dvc = import_late("tdmvc.store.dvc")
    worktree = import_late("tdmvc.store.worktree")


class Store:
    """The bytes of all datasets of a repository."""

    def __init__(self, root: Path) -> None:
        """Open the store of the repository whose `.dvc` folder lies in `root`."""
        self.root = root
        self.config: DvcConfig = read_dvc_config(root)
        self.state_folder = root / ".dvc" / "tmp" / "tdmvc"
        self.index = FileIndex(self.state_folder / "index.sqlite")
        self.objects = ObjectStore(self.config.cache_dir, self.state_folder / "quarantine", self.index)

    def close(self) -> None:
        self.index.close()

    def put(self, name: str, data: bytes) -> str:
        """Keep a part (see `finishing.PartSink`)."""
        return self.objects.put(data)

    def materialiser(self) -> "worktree.Materialiser":
        return worktree.Materialiser(self.objects, self.index, self.config.link_types)

    def listing(self, oid: str, owner: str) -> Listing:
        """Return the listing of a table, fetched if it is not here.

        Raises:
            PartError: it is nowhere, or it is damaged everywhere.
        """
        try:
            return self.objects.read_listing(oid, owner)
        except PartError as error:
            if self.objects.has(oid):
                # Its bytes are what its name says, and they are bad: a fetch would bring the same.
                raise
            self._fetch([oid], owner, error)
            return self.objects.read_listing(oid, owner)

    def parts(self, listing: Listing, owner: str, names: Collection[str] | None = None) -> list[Path]:
        """Return the verified files of a listing's parts, fetching what is missing in one go.

        Args:
            names: content names of the wanted parts; None means all.
        """
        wanted = [e for e in listing.entries if names is None or e.content in names]
        missing = [entry.md5 for entry in wanted if not self.objects.has(entry.md5)]
        if missing:
            self._fetch(missing, owner, PartError.missing(missing[0], owner, self.looked_in()))
        paths: list[Path] = []
        for entry in wanted:
            try:
                paths.append(self.objects.verified(entry.md5, owner))
            except PartError as error:
                self._fetch([entry.md5], owner, error)
                paths.append(self.objects.verified(entry.md5, owner))
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
        """Return the bytes of the parts that are here."""
        return sum(self.objects.size_bytes(e.md5) for e in listing.entries if self.objects.has(e.md5))

    def known_parts(self, listing: Listing | None) -> dict[str, "built.KnownPart"]:
        """Return the parts whose bytes can be used again: those that are here, by content hash."""
        if listing is None:
            return {}
        return {
            entry.content: built.KnownPart(entry.md5, self.objects.size_bytes(entry.md5))
            for entry in listing.entries
            if self.objects.has(entry.md5)
        }

    def keep(self, table: "built.BuiltTable") -> str:
        """Keep a built table's listing and remember its facts; return the listing's object."""
        for md5, rows in table.part_rows.items():
            self.index.remember_rows(md5, rows)
        return self.objects.put_listing(table.listing)

    def closure(self, oid: str, owner: str) -> set[str]:
        """Return all objects that a pointer needs: the listing and every part."""
        return {oid} | {entry.md5 for entry in self.listing(oid, owner).entries}

    def looked_in(self) -> list[str]:
        """Say where objects were looked for."""
        places = [f"the cache ({self.objects.folder})"]
        if self.config.remotes:
            places.append(f"remote '{self.config.default_remote or next(iter(self.config.remotes))}'")
        else:
            places.append("no remote (none is configured)")
        return places

    def push(self, oids: Iterable[str], *, remote: str | None = None) -> "dvc.Sent":
        """Send whole closures, verify each object there, and remember it."""
        wanted = set(oids)
        sent = dvc.push(self.root, wanted, remote=remote)
        self.index.remember_pushed(self._remote_name(remote), wanted - sent.missing)
        return sent

    def fetch(self, oids: Iterable[str], owner: str, *, remote: str | None = None) -> set[str]:
        """Bring the objects that are not here; return what no remote has.

        Raises:
            PartError: an object arrived damaged.
        """
        wanted = {oid for oid in oids if not self.objects.has(oid)}
        if not wanted:
            return set()
        absent = dvc.fetch(self.root, wanted, remote=remote)
        arrived = wanted - absent
        for oid in arrived:
            if oid.endswith(".dir"):
                self.objects.read_listing(oid, owner)
            else:
                self.objects.verified(oid, owner)
        self.index.remember_pushed(self._remote_name(remote), arrived)
        return absent

    def missing_on_remote(self, oids: Iterable[str], *, remote: str | None = None) -> set[str]:
        """Ask a remote for each object; return those it lacks."""
        wanted = set(oids)
        missing = dvc.missing_on_remote(self.root, wanted, remote=remote)
        name = self._remote_name(remote)
        self.index.remember_pushed(name, wanted - missing)
        self.index.remember_pushed(name, missing, is_there=False)
        return missing

    def not_pushed(self, oids: Iterable[str]) -> set[str]:
        """Return the objects that this clone has never seen on the default remote. Asks nobody."""
        return set(oids) - self.index.pushed(self._remote_name(None))

    def _fetch(self, oids: Sequence[str], owner: str, error: PartError) -> None:
        """Bring objects or raise the error that made us look for them."""
        if not self.config.remotes:
            raise error if "damaged" in error.what else PartError.missing(oids[0], owner, self.looked_in())
        if self.fetch(oids, owner):
            raise PartError.missing(oids[0], owner, self.looked_in()) from error

    def _remote_name(self, remote: str | None) -> str:
        return remote or self.config.default_remote or ""
