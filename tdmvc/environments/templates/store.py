"""Templates that are files or folders, kept in the user's cache: made once, copied often, removed if unused."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import platformdirs

from tdmvc.environments.base import StoredTemplate, TemplateKey
from tdmvc.environments.templates.locks import lock_file
from tdmvc.environments.templates.metadata import (
    CONTENT,
    METADATA,
    ReadTemplate,
    Template,
    read_all,
    read_complete,
    write_metadata,
)
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import TemplateOrigin
from tdmvc.servers.run_folders import servers_folder

LIMIT_BYTES = 10 * 1024**3
"""How large all templates together may become before the least recently used ones are removed."""

_FORMAT = 1
"""Raised when templates are kept in another way."""
_UNFINISHED = ".unfinished-"
"""How the name of a folder begins in which a template is made."""
_LOCK_SUFFIX = ".lock"

Make = Callable[[Path, Template | None], str]
"""Fills an empty folder; from the nearest template if there is one. Returns what the engine needs to open it."""


class TemplateStore:
    """The templates of one engine, in a folder that all processes of a user share."""

    def __init__(
        self, engine: str, version: str, *, folder: Path | None = None, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        """Take the place of the templates; nothing is written yet.

        Args:
            engine: the engine, for the names of files: `sqlite`.
            version: of the engine, as the provider names it.
            folder: by default, one in the user's cache, or in the folder for temporary files if there is no cache.
            limit_bytes: how large the templates of all engines may become together.
        """
        self._engine = engine
        self._version = version
        self._folder = folder
        self._limit_bytes = limit_bytes

    @contextmanager
    def open(self, key: TemplateKey, make: Make) -> Iterator[Template]:
        """Find the template with a key, or make it; it stays as it is until the end of the block.

        Only one process makes it, and the others wait. What `make` raises is passed on, and leaves nothing.

        Raises:
            DatabaseError: the folder cannot be written, or there is no room.
        """
        folder = self._folder or templates_folder()
        try:
            _remove_unfinished(folder)
        except OSError as error:
            raise template_folder_error(folder, error) from error
        place = folder / _name(self._engine, key)
        while True:
            with lock_file(_lock_of(place), shared=True):
                found = read_complete(place)
                if found is not None:
                    yield found
                    return
            with lock_file(_lock_of(place), shared=False) as lock:
                if read_complete(place) is None:
                    made = self._make(place, key, make)
                    lock.share()
                    # Another process may have removed it between the two locks.
                    if (place / METADATA).exists():
                        shrink_templates(self._limit_bytes, folder)
                        yield made
                        return

    def list(self) -> Sequence[StoredTemplate]:
        """Return the templates of this engine, in all its versions, the most recently used first."""
        folder = self._folder or templates_folder()
        return [read.stored for read in read_all(folder) if self._is_own(read.place)]

    def remove(self, key: TemplateKey) -> bool:
        """Remove the template with a key; False if there is none, or a process is using it."""
        return remove_template((self._folder or templates_folder()) / _name(self._engine, key))

    def _make(self, place: Path, key: TemplateKey, make: Make) -> Template:
        unfinished = place.with_name(f"{_UNFINISHED}{place.name}")
        content = unfinished / CONTENT
        try:
            # What is not complete is damaged, or was left by a process that was killed.
            for left in (place, unfinished):
                if left.exists():
                    shutil.rmtree(left)
            content.mkdir(parents=True, mode=0o700)
            os.chmod(unfinished, 0o700)
            with self._nearest(place.parent, key) as nearest:
                secret = make(content, nearest)
                origin = TemplateOrigin.DERIVED if nearest else TemplateOrigin.BUILT
            write_metadata(unfinished, key, self._version, secret)
            os.rename(unfinished, place)
        except OSError as error:
            raise template_folder_error(place.parent, error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return Template(place / CONTENT, origin, secret)

    @contextmanager
    def _nearest(self, folder: Path, key: TemplateKey) -> Iterator[Template | None]:
        """Yield the template with the same schema that was used last, which nobody removes meanwhile."""
        with ExitStack() as locks:
            yield next(
                (
                    template
                    for read in read_all(folder)
                    if self._is_own(read.place) and read.stored.key.schema == key.schema
                    if (template := _take_shared(locks, read.place)) is not None
                ),
                None,
            )

    def _is_own(self, place: Path) -> bool:
        return place.name.startswith(f"{self._engine}-")


def templates_folder() -> Path:
    """Return the folder for the templates of this user, made if it is missing.

    Raises:
        DatabaseError: no folder can be written.
    """
    name = "environments"
    cache = Path(platformdirs.user_cache_dir("tdmvc", "tdmvc")) / name
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(cache, os.W_OK | os.X_OK):
            return cache
    try:
        # It is there as long as this machine runs.
        temporary = servers_folder() / name
        temporary.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise template_folder_error(cache, error) from error
    return temporary


def read_templates() -> list[ReadTemplate]:
    """Return the templates of all engines in this user's folder, the most recently used first.

    Raises:
        DatabaseError: no folder can be written.
    """
    return read_all(templates_folder())


def shrink_templates(limit_bytes: int, folder: Path | None = None) -> list[StoredTemplate]:
    """Remove the least recently used templates of all engines until the others fit, and return those.

    What a process is using stays.
    """
    read = read_all(folder or templates_folder())
    size = sum(one.stored.size_bytes for one in read)
    removed = []
    for one in reversed(read):
        if size <= limit_bytes:
            break
        if remove_template(one.place):
            size -= one.stored.size_bytes
            removed.append(one.stored)
    return removed


def template_folder_error(path: Path | str, error: OSError) -> DatabaseError:
    """Return the error for a folder of templates that cannot be written."""
    return DatabaseError.disk(
        "Cannot keep the template of a database", path, error, variable="XDG_CACHE_HOME"
    )


def missing_template(path: Path) -> DatabaseError:
    """Return the error for a template that somebody removed, or wrote to, while it is used."""
    return DatabaseError(
        "The template of the database is not there any more, or not as it was made.",
        where=str(path),
        remedy="run the same command again; it makes a new one.",
    )


def _name(engine: str, key: TemplateKey) -> str:
    return f"{engine}-{_FORMAT}-{key.digest}"


def _lock_of(place: Path) -> Path:
    return place.with_name(place.name + _LOCK_SUFFIX)


def _take_shared(locks: ExitStack, place: Path) -> Template | None:
    """Return a template, which stays until the locks are released; None if it is damaged, made or removed just now."""
    try:
        locks.enter_context(lock_file(_lock_of(place), shared=True, wait=False))
    except BlockingIOError:
        return None
    return read_complete(place)


def remove_template(place: Path) -> bool:
    """Remove the template in a folder; False if it is gone, or a process is using it."""
    try:
        with lock_file(_lock_of(place), shared=False, wait=False) as lock:
            if not place.exists():
                lock.remove()
                return False
            # What is removed only in part must not be taken for a template.
            (place / METADATA).unlink(missing_ok=True)
            shutil.rmtree(place)
            lock.remove()
    except (OSError, DatabaseError):
        return False
    return True


def _remove_unfinished(folder: Path) -> None:
    """Remove what processes left that were killed while they made a template.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob(f"{_UNFINISHED}*"):
        place = folder / left.name.removeprefix(_UNFINISHED)
        with (
            contextlib.suppress(BlockingIOError),
            lock_file(_lock_of(place), shared=False, wait=False),
        ):
            shutil.rmtree(left, ignore_errors=True)
