"""Listing and removing the objects of DVC's cache, for `gc`."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence

from tdmvc.arrow.parquet import RowGroupMetaData, open_parquet
from tdmvc.errors import PartError, StoreError
from tdmvc.store.objects import ObjectStore, StoredObject
from tdmvc.store.parquet import reading

_PREFIX = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{30}(\.dir)?")
_TEMPORARY = re.compile(r"\.tdmvc-.*\.tmp")
_WRITER = "parquet-cpp-arrow"


class CacheStorage:
    """DVC's cache folder: only the md5 objects of DVC 3, not those of older releases and not the run cache."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def list_objects(self) -> dict[str, StoredObject]:
        return self._list(_REST)

    def list_temporaries(self) -> dict[str, StoredObject]:
        """Return files that a killed process left half-written, by `ab/.tdmvc-….tmp`."""
        return self._list(_TEMPORARY, separator="/")

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for oid in oids:
            try:
                yield oid, self._objects.path(oid).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError.disk(self._objects.path(oid), error) from error

    def remove(self, objects: Mapping[str, StoredObject]) -> set[str]:
        removed = set()
        for oid, listed in objects.items():
            path = self._objects.folder / oid if "/" in oid else self._objects.path(oid)
            try:
                # An object that was used again in the meantime has a newer date.
                if path.stat().st_mtime == listed.modified:
                    path.unlink()
                    removed.add(oid)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(
                    f"An object cannot be removed: {error.strerror}.",
                    where=str(path),
                    remedy="correct the permissions of DVC's cache, then run the same command again; "
                    "nothing that is needed was removed.",
                ) from error
        return removed

    def is_like_a_part(self, oid: str) -> bool:
        """Return whether an object has the form in which tdmvc writes parts, which is unusual elsewhere.

        The file does not contain Arrow's schema, which Arrow includes by default, and it has one
        row group with a page index.
        """
        path = str(self._objects.path(oid))
        try:
            with open(path, "rb") as file:
                if file.read(4) != b"PAR1":
                    return False
            with reading(path), contextlib.closing(open_parquet(path)) as reader:
                footer = reader.metadata
                return (
                    str(footer.created_by).startswith(_WRITER)
                    and footer.metadata is None
                    and footer.format_version == "2.6"
                    and footer.num_row_groups <= 1
                    and all(_is_ours(footer.row_group(n)) for n in range(footer.num_row_groups))
                )
        except (PartError, OSError):
            return False

    def _list(self, pattern: re.Pattern[str], separator: str = "") -> dict[str, StoredObject]:
        found: dict[str, StoredObject] = {}
        try:
            folders = sorted(entry.name for entry in os.scandir(self._objects.folder) if entry.is_dir())
        except FileNotFoundError:
            return {}
        for folder in filter(_PREFIX.fullmatch, folders):
            for entry in os.scandir(self._objects.folder / folder):
                if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    name = f"{folder}{separator}{entry.name}"
                    found[name] = StoredObject(facts.st_size, facts.st_mtime)
        return found


def _is_ours(group: RowGroupMetaData) -> bool:
    # Without rows there is no page index.
    columns = [group.column(n) for n in range(group.num_columns)]
    return all(
        column.compression == "ZSTD" and (column.has_offset_index or not group.num_rows) for column in columns
    )
