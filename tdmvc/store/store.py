"""A repository's store: listings and parts by name, fetched if they are missing."""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from tdmvc.errors import DamagedPartError, PartError
from tdmvc.store import worktree
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.content import part_content
from tdmvc.store.dvc_config import DvcConfig, read_dvc_config
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import Listing, ObjectStore, PartEntry
from tdmvc.store.parquet import count_rows, read_part
from tdmvc.store.part_columns import PartColumns
from tdmvc.store.state_folder import state_folder
from tdmvc.store.transfer import ObjectTransfer, TransferOptions


class Store:
    """The bytes of all datasets of a repository."""

    def __init__(self, root: Path, options: TransferOptions | None = None) -> None:
        """Open the store of the repository whose `.dvc` folder is in `root`."""
        options = options or TransferOptions()
        self.root = root
        self._warn = options.warn
        self._named: dict[str, tuple[PartEntry, str]] = {}
        """The first part of each name that this process has read in a listing, and its owner."""
        self._columns = PartColumns()
        self.config: DvcConfig = read_dvc_config(root)
        self.state_folder = state_folder(root)
        self.index = FileIndex(self.state_folder / "index.sqlite")
        self.objects = ObjectStore(self.config.cache_dir, self.state_folder / "quarantine", self.index)
        self.transfer = ObjectTransfer(root, self.objects, self.index, self.config, options)

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
            self.transfer.need([oid], owner, error)
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
            self.transfer.need(missing, owner, self.transfer.not_here(missing[0], owner))
        paths: list[Path] = []
        for entry in wanted:
            try:
                paths.append(self.objects.verified(entry.md5, owner))
            except PartError as error:
                self.transfer.need([entry.md5], owner, error)
                paths.append(self.objects.verified(entry.md5, owner))
                self._warn_of_replacement(entry.md5, owner, error)
        self._columns.check(listing, wanted, paths, owner)
        return paths

    def locate(self, listing: Listing, owner: str) -> Callable[[Sequence[str]], Sequence[Path]]:
        """Return a function from content names to files (see `model.diff.TableSide`)."""
        return lambda names: self.parts(listing, owner, set(names))

    def find_objects(self, oids: Sequence[str]) -> list[Path] | None:
        """Return the verified files of objects; None if one is not in the cache, or damaged. Nothing is fetched."""
        try:
            return [self.objects.verified(oid, f"the object {oid}") for oid in oids]
        except PartError:
            return None

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

    def _warn_of_replacement(self, oid: str, owner: str, error: PartError) -> None:
        if isinstance(error, DamagedPartError):
            aside = self.objects.aside(oid)
            place = f" to {aside}" if aside else ""
            self._warn(
                f"A damaged object of {owner} ({oid}) was set aside{place}, and a good one was fetched."
            )
