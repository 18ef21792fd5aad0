"""Copies of a server's programs, for a user who cannot read the originals."""

import os
import secrets
import shutil
from pathlib import Path

from tdmvc.servers.run_folders import servers_folder
from tdmvc.servers.templates import measure_folder, remove_unused

_COMPLETE = ".complete"
"""The file that is written last; it tells how many files there are, and their size together."""
_NOT_NEEDED = shutil.ignore_patterns("include", "doc", "*.a", "pkgconfig", "pgxs", "man")


def readable_copy(name: str, installation: Path, libraries: Path | None) -> Path:
    """Return a copy of an installation that every user can read; one that is there and complete is used again.

    The programs find their libraries by a relative path, so these are copied to the same place beside them.

    Args:
        name: differs for each installation.
        installation: the folder that has the folders `bin`, `lib` and `share`.
        libraries: more shared libraries, in a folder beside the package that has the installation.

    Raises:
        OSError: it cannot be made.
    """
    target = servers_folder() / name
    copied = target / (installation.parent.name if libraries else "") / installation.name
    if _is_complete(target):
        remove_unused(target, _COMPLETE)
        return copied
    own = target.with_name(f".{name}-{secrets.token_hex(4)}")
    try:
        new = own / copied.relative_to(target)
        shutil.copytree(installation, new, symlinks=True, ignore=_NOT_NEEDED)
        if libraries is not None and libraries.is_dir():
            shutil.copytree(libraries, own / libraries.name, symlinks=True)
        for path, _, files in os.walk(own):
            os.chmod(path, 0o755)
            for file in files:
                full = os.path.join(path, file)
                if not os.path.islink(full):
                    os.chmod(full, 0o755 if os.access(full, os.X_OK) else 0o644)
        (own / _COMPLETE).write_text(measure_folder(own, _COMPLETE), encoding="utf-8")
        if target.exists():
            # A cleaner of temporary files took some of it away.
            os.rename(target, own.with_name(f"{own.name}-old"))
            shutil.rmtree(own.with_name(f"{own.name}-old"), ignore_errors=True)
        os.rename(own, target)
    except shutil.Error as error:
        raise OSError(str(error)) from error
    except OSError:
        if not _is_complete(target):  # else another process was faster
            raise
    finally:
        shutil.rmtree(own, ignore_errors=True)
    return copied


def _is_complete(folder: Path) -> bool:
    try:
        return (folder / _COMPLETE).read_text(encoding="utf-8") == measure_folder(folder, _COMPLETE)
    except OSError:
        return False
