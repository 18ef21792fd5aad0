"""A change of a dataset's files, which is prepared next to them and then made in one step."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tdmvc.errors import StoreError
from tdmvc.formats.pointers import render_pointer
from tdmvc.store.journal import FileChanges, Journal
from tdmvc.store.objects import Listing, PartEntry
from tdmvc.store.worktree import Folder
from tdmvc.workspace.staging import STAGING_PREFIX, remove_staging
from tdmvc.workspace.workspace import Workspace

_COPIERS = min(4, os.cpu_count() or 1)
GITIGNORE = """\
# Git keeps the pointers (*.dvc); DVC keeps the rows.
/*/
!/versions/
!/conflicts/
!/scenarios/
"""


class Transaction:
    """The changes that one verb makes in one dataset's folder. Use it while holding the dataset's lock."""

    def __init__(self, workspace: Workspace, dataset: str) -> None:
        self._workspace = workspace
        self._dataset = dataset
        self._plan = FileChanges()
        self._place = workspace.store.work_tree_writer()
        self._staging: Path | None = None
        self._staged = 0
        self._written: dict[str, str | None] = {}
        remove_staging(workspace.working_copy(dataset))

    @property
    def changed_files(self) -> int:
        """Files that are moved, removed or written."""
        return len(self._plan.moves) + len(self._plan.removes) + len(self._plan.writes)

    @property
    def rewrites_text(self) -> bool:
        """Whether pointers or the manifest change, and not only the files that they name."""
        return bool(self._plan.writes) or any(path.endswith(".dvc") for path in self._plan.removes)

    def write(self, path: str, text: str) -> None:
        """Write a text file, `path` relative to the dataset; an equal file is not written."""
        target = self._workspace.working_copy(self._dataset) / path
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            self._plan.writes[self._relative(target)] = text

    def write_at_root(self, path: str, text: str) -> None:
        """Write a text file, `path` relative to the repository's root."""
        target = self._workspace.root / path
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            self._plan.writes[path] = text

    def remove(self, path: str) -> None:
        """Remove a file, `path` relative to the dataset."""
        target = self._workspace.working_copy(self._dataset) / path
        if target.is_file() or target.is_symlink():
            self._plan.removes.append(self._relative(target))

    def point(self, table: str, folder: str, listing: Listing, size_bytes: int) -> None:
        """Make the table's `.dvc` file name a listing."""
        self.write(f"{folder}.dvc", render_pointer(folder, listing.object, size_bytes, len(listing.entries)))

    def remove_pointer(self, folder: str) -> None:
        """Remove the `.dvc` file of the table in a folder."""
        self.remove(f"{folder}.dvc")

    def write_working_copy(self, table: str, folder: str, listing: Listing, present: Folder | None) -> int:
        """Fill the table's folder with exactly the parts of a listing; return how many files are new."""
        target = self._workspace.working_copy(self._dataset) / folder
        have = dict(present.files) if present and present.path.is_dir() else {}
        owner = f"{self._dataset}/{table}"
        missing = [e for e in listing.entries if have.get(e.name) != e.md5]
        if missing:
            with self._workspace.timed("write working copy"):
                self._copy_beside(owner, listing, missing, target)
        self._written[self._relative(target)] = listing.object
        wanted = {entry.name for entry in listing.entries}
        self._plan.removes.extend(self._relative(target / name) for name in have if name not in wanted)
        return len(missing)

    def _copy_beside(self, owner: str, listing: Listing, missing: Sequence[PartEntry], target: Path) -> None:
        """Copy parts into a folder next to the target, so that the change itself only renames files."""
        self._workspace.store.parts(listing, owner, {entry.content for entry in missing})
        staging, into = self._relative(self._stage()), self._relative(target)
        placed: list[tuple[PartEntry, Path]] = []
        for entry in missing:
            self._staged += 1
            placed.append((entry, self._stage() / str(self._staged)))
            self._plan.moves[f"{staging}/{self._staged}"] = f"{into}/{entry.name}"
        with ThreadPoolExecutor(_COPIERS) as pool:
            try:
                done = pool.map(lambda one: self._place.place(one[0].md5, one[1], owner), placed)
                for number, _ in enumerate(done, start=1):
                    self._workspace.on_progress(f"{owner}: files", number, len(missing), "files")
            except BaseException:
                # Do not wait for copies that have not started.
                pool.shutdown(cancel_futures=True)
                raise

    def clear(self, folder: str, present: Folder | None) -> None:
        """Empty and remove a table's folder."""
        target = self._workspace.working_copy(self._dataset) / folder
        self._written[self._relative(target)] = None
        if present is not None:
            names = present.files if present.path.is_dir() else {"": ""}
            self._plan.removes.extend(self._relative(target / name if name else target) for name in names)

    def commit(self, journal: Journal) -> None:
        """Make the change, completely or not at all."""
        try:
            with self._workspace.timed("apply changes"):
                journal.commit(self._plan)
            for folder, oid in self._written.items():
                self._workspace.store.index.remember_written(folder, oid)
                if oid is not None:
                    self._workspace.store.index.remember_made(folder, oid)
        finally:
            if not journal.is_open:
                self.abandon()

    def abandon(self) -> None:
        """Discard the prepared files."""
        if self._staging is not None:
            shutil.rmtree(self._staging, ignore_errors=True)
            self._staging = None

    def _stage(self) -> Path:
        if self._staging is None:
            folder = self._workspace.working_copy(self._dataset)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=folder))
            except OSError as error:
                raise StoreError.disk(folder, error) from error
        return self._staging

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._workspace.root)).as_posix()


@contextmanager
def open_transaction(workspace: Workspace, dataset: str, journal: Journal) -> Iterator[Transaction]:
    """Open a transaction and commit it at the end of the block; an error discards it."""
    transaction = Transaction(workspace, dataset)
    try:
        yield transaction
        transaction.commit(journal)
    except BaseException:
        if not journal.is_open:
            transaction.abandon()
        raise
