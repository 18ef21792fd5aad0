"""Atomic changes of many files: written to a journal first, then applied, and applied again after a crash.

Nothing visible changes until the journal is on disk. From then on the new state counts, and the
next process that opens the repository completes it. Every step can be repeated.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tdmvc.errors import StoreError
from tdmvc.store.atomic_files import remove_quietly, write_atomic

_FORMAT = "tdmvc.journal/1"


@dataclass(slots=True)
class FileChanges:
    """File changes, in POSIX paths relative to the repository's root."""

    writes: dict[str, str] = field(default_factory=dict)
    """Small text files with their new content."""
    moves: dict[str, str] = field(default_factory=dict)
    """From each staged file to its final path."""
    removes: list[str] = field(default_factory=list)
    """Files to remove; a folder that becomes empty is removed too."""

    @property
    def is_empty(self) -> bool:
        return not (self.writes or self.moves or self.removes)


class Journal:
    """The journal of one dataset. Use it only while you hold the dataset's lock."""

    def __init__(self, root: Path, path: Path) -> None:
        self._root = root
        self._path = path
        self._plain: dict[str, Path] = {}
        """Folders that were checked: neither they nor their parents are links."""

    @property
    def is_open(self) -> bool:
        """Whether there is an unfinished change."""
        return self._path.exists()

    def commit(self, plan: FileChanges) -> None:
        """Make the whole change, now or at the next `recover`.

        Raises:
            StoreError: the disk is full or cannot be written, or a folder is a link; nothing was changed.
        """
        if plan.is_empty:
            return
        for name in (*plan.writes, *plan.moves, *plan.moves.values(), *plan.removes):
            self._inside(name)  # what cannot be applied must not be in a journal
        document = {
            "format": _FORMAT,
            "writes": plan.writes,
            "moves": plan.moves,
            "removes": plan.removes,
        }
        write_atomic(self._path, json.dumps(document).encode(), writer=self._path.stem)
        self._apply(plan)
        self._path.unlink()

    def recover(self) -> bool:
        """Finish an unfinished change; return whether there was one."""
        try:
            document = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return False
        except ValueError:
            # Journals are written atomically, so tdmvc did not write this one.
            remove_quietly(self._path)
            return False
        self._apply(self._plan_of(document))
        remove_quietly(self._path)
        return True

    def _plan_of(self, document: object) -> FileChanges:
        """Return the file changes in a journal's document."""
        if isinstance(document, dict) and document.get("format") == _FORMAT:
            writes, moves, removes = (document.get(name) for name in ("writes", "moves", "removes"))
            if (
                isinstance(writes, dict)
                and isinstance(moves, dict)
                and isinstance(removes, list)
                and all(isinstance(text, str) for text in (*writes.values(), *moves.values(), *removes))
            ):
                return FileChanges(writes, moves, removes)
        raise StoreError(
            "A journal is not in this release's format, so its change cannot be finished.",
            where=str(self._path),
            remedy="run the release of tdmvc that wrote it; if none did, check the file, then delete it.",
        )

    def _apply(self, plan: FileChanges) -> None:
        try:
            for folder in {name.rpartition("/")[0] for name in plan.moves.values()}:
                self._make_folder(self._inside(f"{folder}/x").parent)
            for source, target in plan.moves.items():
                self._move(self._inside(source), self._inside(target))
            for name in plan.removes:
                self._remove(self._inside(name))
            for name, text in plan.writes.items():
                self._write(self._inside(name), text)
        except OSError as error:
            raise _unfinished(StoreError.disk(self._root, error)) from error

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            # A file has replaced the folder; its rows were added before.
            folder.unlink()
            folder.mkdir()

    def _move(self, source: Path, target: Path) -> None:
        try:
            os.replace(source, target)
        except FileNotFoundError:
            if not target.exists():
                raise

    def _write(self, path: Path, text: str) -> None:
        try:
            write_atomic(path, text.encode(), writer=self._path.stem)
        except StoreError as error:
            raise _unfinished(error) from error

    def _remove(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        for folder in _parents_below(path, self._root):
            try:
                folder.rmdir()
            except OSError:
                break

    def _inside(self, name: str) -> Path:
        """Return the path after a check that it cannot lead out of the work tree."""
        folder, _, base = name.rpartition("/")
        if folder not in self._plain:
            self._plain[folder] = self._plain_folder(folder, name)
        if base in {"", ".", ".."} or base.lower() == ".git":
            raise self._leads_outside()
        return self._plain[folder] / base

    def _plain_folder(self, folder: str, name: str) -> Path:
        """Return a folder's path after a check that neither it nor a parent is a link."""
        pure = PurePosixPath(folder)
        if name.startswith("/") or ".." in pure.parts or ".git" in map(str.lower, pure.parts):
            raise self._leads_outside()
        path = self._root / pure
        for place in (path, *_parents_below(path, self._root)):
            if place.is_symlink() and place != self._root:
                raise StoreError.linked_folder(place)
        return path

    def _leads_outside(self) -> StoreError:
        return StoreError(
            "A journal names a path outside the work tree.",
            where=str(self._path),
            remedy="this file was not written by tdmvc: check it, then delete it.",
        )


def _unfinished(error: StoreError) -> StoreError:
    """Return the error with the remedy that applies once the journal is written: nothing is lost."""
    return StoreError(
        error.what,
        where=error.where,
        remedy="correct that, then run any tdmvc command, which finishes the change.",
    )


def _parents_below(path: Path, root: Path) -> Iterator[Path]:
    for parent in path.parents:
        if parent == root:
            return
        yield parent
