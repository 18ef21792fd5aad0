"""This clone's secret, by which hidden cells get marks that tell nothing of their values."""

import contextlib
import secrets

from tdmvc.gitrepo.repository import GitRepo
from tdmvc.store.atomic_files import write_atomic

_FILE = "tdmvc/mark.key"
_BYTES = 32


def read_redaction_key(git: GitRepo) -> bytes:
    """Return the secret; empty where there is none yet."""
    with contextlib.suppress(OSError):
        return (git.common_folder / _FILE).read_bytes()[:64]
    return b""


def ensure_redaction_key(git: GitRepo) -> bytes:
    """Return the secret, made where there is none yet; it lies in the clone's `.git` and leaves it never."""
    key = read_redaction_key(git)
    if not key:
        key = secrets.token_bytes(_BYTES)
        write_atomic(git.common_folder / _FILE, key, mode=0o600)
    return key
