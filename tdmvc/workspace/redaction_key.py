"""This clone's secret, from which the marks of hidden cells are computed."""

import contextlib
import secrets

from tdmvc.gitrepo.repository import GitRepo
from tdmvc.store.atomic_files import write_atomic

_FILE = "tdmvc/mark.key"
_BYTES = 32


def read_redaction_key(git: GitRepo) -> bytes:
    """Return the secret; empty if there is none yet."""
    with contextlib.suppress(OSError):
        return (git.common_folder / _FILE).read_bytes()[:64]
    return b""


def ensure_redaction_key(git: GitRepo) -> bytes:
    """Return the secret, and create it if there is none yet; it never leaves the clone's `.git`."""
    key = read_redaction_key(git)
    if not key:
        key = secrets.token_bytes(_BYTES)
        write_atomic(git.common_folder / _FILE, key, mode=0o600)
    return key
