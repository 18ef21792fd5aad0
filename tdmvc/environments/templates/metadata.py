"""What is known about a template that is a folder: its key, its size, and the digest that shows damage."""

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tdmvc.environments.base import StoredTemplate, TemplateKey
from tdmvc.model.environment import TemplateOrigin

METADATA = "template.json"
"""The file in a template's folder that is written last; its time tells when the template was last used."""
CONTENT = "content"
"""The folder beside it, with what was made."""
SPARE = "spare-"
"""How the names of folders beside it begin: copies that runs used, and that later runs take."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that is complete, and that nobody removes while it is used."""

    content: Path
    """A folder with what was made; nobody may write to it."""
    origin: TemplateOrigin
    secret: str = field(default="", repr=False)
    """What the engine needs to open it, such as the administrator's password."""


@dataclass(frozen=True, slots=True)
class ReadTemplate:
    """A template with its metadata."""

    place: Path
    stored: StoredTemplate
    metadata: dict[str, Any] = field(repr=False)


def _read(place: Path) -> ReadTemplate | None:
    """Return a template by its metadata; None if it has none that can be read."""
    path = place / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
        used_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        key = TemplateKey(metadata["schema"], metadata["rows"], metadata["label"])
        # A spare copy is about as large.
        copies = 1 + sum(name.startswith(SPARE) for name in os.listdir(place))
        stored = StoredTemplate(key, metadata["engine"], copies * int(metadata["size_bytes"]), used_at)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return ReadTemplate(place, stored, metadata)


def read_all(folder: Path) -> list[ReadTemplate]:
    """Return all templates, the most recently used first."""
    try:
        places = [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != "."]
    except OSError:
        return []
    read = [one for one in map(_read, sorted(places)) if one is not None]
    return sorted(read, key=lambda one: one.stored.used_at, reverse=True)


def read_complete(place: Path) -> Template | None:
    """Return a template whose content is what was made, and note that it was used; None if it is damaged."""
    read = _read(place)
    if read is None:
        return None
    content = place / CONTENT
    path = place / METADATA
    try:
        stamp = stamp_folder(content)
        if stamp != read.metadata["stamp"]:
            # Somebody wrote to it, or moved the whole cache to another machine.
            if _digest(content) != read.metadata["digest"]:
                return None
            _write_text(path, json.dumps({**read.metadata, "stamp": stamp}))
        with contextlib.suppress(OSError):
            os.utime(path)
    except OSError:
        return None
    return Template(content, TemplateOrigin.REUSED, read.metadata["secret"])


def write_metadata(folder: Path, key: TemplateKey, version: str, secret: str) -> None:
    """Write what is known about a template that is complete.

    Raises:
        OSError: there is no room.
    """
    content = folder / CONTENT
    metadata = {
        "engine": version,
        "schema": key.schema,
        "rows": key.rows,
        "label": key.label,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size_bytes": sum(path.lstat().st_size for path in _entries(content)),
        "stamp": stamp_folder(content),
        "digest": _digest(content),
        "secret": secret,
    }
    _write_text(folder / METADATA, json.dumps(metadata, indent=1))


def _write_text(path: Path, text: str) -> None:
    """Write a file that only this user can read, in one step."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _entries(content: Path) -> list[Path]:
    """Return all that is in a folder, in a fixed order; servers need empty folders, too."""
    return sorted(
        Path(path) / name for path, folders, names in os.walk(content) for name in (*folders, *names)
    )


def stamp_folder(content: Path) -> str:
    """Return a text that changes when somebody writes to a file in a folder, or adds or removes one."""
    lines = []
    folders = [""]
    for folder in folders:
        try:
            entries = list(os.scandir(content / folder))
        except FileNotFoundError:
            # It was removed meanwhile.
            continue
        for entry in entries:
            name = f"{folder}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{name}/")
                lines.append(name)
            else:
                status = entry.stat(follow_symlinks=False)
                lines.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _digest(content: Path) -> str:
    """Return the digest of the names and bytes of all files."""
    total = hashlib.sha256()
    for path in _entries(content):
        total.update(f"{path.relative_to(content)}\n".encode(errors="surrogateescape"))
        if path.is_symlink():
            total.update(os.readlink(path).encode(errors="surrogateescape"))
        elif not path.is_dir():
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
