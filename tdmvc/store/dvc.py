"""The only module that uses DVC: to create a repository, and to transfer objects to and from remotes.

DVC is imported when a function here is first called, because its import takes a third of a second.
Contract tests pin what is used of it, which is the same from dvc 3.50 to 3.67.
"""

import contextlib
import getpass
import importlib
import io
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdmvc.errors import ConfigError, StoreError
from tdmvc.model.remote import RemoteObjects
from tdmvc.store.remote_errors import RemoteErrors, has_terminal
from tdmvc.store.remote_files import (
    RemoteStorage,
    compare_objects,
    copy_from_remote,
    copy_to_remote,
    stat_objects,
)

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc_data.hashfile.db import HashFileDB


def init_repository(root: Path, *, is_subfolder: bool) -> None:
    """Create a DVC repository, as `dvc init` does.

    Raises:
        StoreError: DVC fails.
    """
    with _quiet(), _named_user():
        from dvc.repo import Repo

        try:
            with contextlib.redirect_stdout(io.StringIO()):
                Repo.init(str(root), subdir=is_subfolder).close()
        except Exception as error:  # DVC has no narrower base for what init may raise
            raise StoreError(
                f"`dvc init` failed: {error}",
                where=str(root),
                remedy="run `dvc init` yourself to see the cause.",
            ) from error


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of a push."""

    moved: frozenset[str]
    """The objects that the push wrote."""
    result: RemoteObjects
    """What the remote has now of the objects of the push."""


def push(root: Path, oids: Iterable[str], *, remote: str | None = None) -> Sent:
    """Send objects, then compare each with what the remote has.

    An object that has another size or checksum there, such as one that a killed push left, is sent
    again. Parts are sent before the listings that name them, so that a remote never has a listing
    without its parts. The presence of a listing is not taken as proof that its parts exist.

    Raises:
        StoreError: the remote cannot be reached or refuses.
    """
    wanted = set(oids)
    with _opened(root) as repo, _remote(repo, remote) as there:
        here = repo.cache.local
        before = compare_objects(there, here, wanted)
        if not before.lacking:
            return Sent(frozenset(), before)
        copy_to_remote(here, there, set(before.lacking))
        sent = compare_objects(there, here, set(before.lacking))
        result = replace(sent, compared=before.compared | sent.compared)
        return Sent(before.lacking - sent.lacking, result)


def fetch(root: Path, oids: Iterable[str], *, remote: str | None = None) -> set[str]:
    """Fetch objects into the cache; return those that the remote does not have.

    The caller verifies what arrived.

    Raises:
        StoreError: the remote cannot be reached or refuses, or the cache cannot be written.
    """
    wanted = set(oids)
    with _opened(root) as repo, _remote(repo, remote) as there:
        existing = set(stat_objects(there, wanted))
        copy_from_remote(there, repo.cache.local, existing)
        return wanted - existing


def compare(root: Path, oids: Iterable[str], *, remote: str | None = None) -> RemoteObjects:
    """Return which objects a remote has, and which of them are whole (see `compare_objects`).

    Raises:
        StoreError: the remote cannot be reached or refuses.
    """
    with _opened(root) as repo, _remote(repo, remote) as there:
        return compare_objects(there, repo.cache.local, set(oids))


@contextlib.contextmanager
def repository_lock(root: Path) -> Iterator[None]:
    """Hold the lock that DVC's own commands take while they change the cache and its pointers.

    Raises:
        StoreError: a DVC command holds it.
    """
    with _opened(root) as repo:
        from dvc.lock import LockError

        try:
            repo.lock.lock()
        except LockError as error:
            raise StoreError(
                "A DVC command is running in this repository.",
                where=str(root),
                remedy="wait until it ends, then run the same command again.",
            ) from error
        try:
            yield
        finally:
            repo.lock.unlock()


@contextlib.contextmanager
def open_remote(root: Path, remote: str | None) -> Iterator[RemoteStorage]:
    """Open a remote's objects; every error of its file system becomes a StoreError.

    Raises:
        StoreError: the remote cannot be reached or refuses.
    """
    with _opened(root) as repo, _remote(repo, remote) as there:
        yield RemoteStorage(there)


@contextlib.contextmanager
def _opened(root: Path) -> Iterator["Repo"]:
    with _quiet(), _named_user():
        from dvc.repo import Repo

        try:
            repo = Repo(str(root))
        except Exception as error:
            # Its Git libraries raise errors of their own for a `.git` that they cannot read.
            raise ConfigError(
                f"DVC cannot open this repository: {error}", where=str(root), remedy="run `dvc doctor` there."
            ) from error
        try:
            yield repo
        finally:
            repo.close()


@contextlib.contextmanager
def _remote(repo: "Repo", name: str | None) -> Iterator["HashFileDB"]:
    """Open a remote; every error of its file system becomes a StoreError."""
    from dvc.config import ConfigError as DvcConfigError
    from dvc.config import NoRemoteError

    label = name or repo.config["core"].get("remote") or "(default)"
    settings = _settings(repo.config["remote"], label)
    errors = RemoteErrors(label, settings)
    _refuse_questions(settings, errors)
    try:
        odb: Any = repo.cloud.get_remote_odb(name, "push")
    except DvcConfigError as error:
        where = str(Path(repo.root_dir) / ".dvc" / "config")
        if not isinstance(error, NoRemoteError):
            why = errors.without_credentials(str(error).splitlines()[0])
            remedy = "correct it; `dvc remote list` names the remotes."
            raise ConfigError(f"No usable DVC remote: {why}.", where=where, remedy=remedy) from error
        if repo.config["remote"]:
            what = "No DVC remote is the default one."
            remedy = "choose it with `dvc remote default NAME`; `dvc remote list` names the remotes."
        else:
            what = "No DVC remote is configured, so the rows are only in this clone."
            remedy = (
                "name a storage with `dvc remote add -d NAME URL` (S3, SSH, HTTP or a folder), commit .dvc/config, "
                "and run `tdmvc push`."
            )
        raise ConfigError(what, where=where, remedy=remedy) from error
    except ValueError as error:
        raise errors.unreadable_address(Path(repo.root_dir) / ".dvc" / "config") from error
    except ImportError as error:
        raise StoreError(
            f"The remote '{label}' cannot be used: {error}.",
            where=str(Path(repo.root_dir) / ".dvc" / "config"),
            remedy="install the package that it needs, for example `pip install dvc-s3`.",
        ) from error
    with errors.raised():
        if odb.fs.protocol == "ssh" and not has_terminal():
            _ask_nothing(odb.fs)
        yield odb


def _settings(remotes: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the settings of a remote, with those of the remote that its URL names (`remote://NAME/…`)."""
    settings = dict(remotes.get(name, {}))
    other, _, _ = str(settings.get("url", "")).removeprefix("remote://").partition("/")
    if not str(settings.get("url", "")).startswith("remote://") or other == name:
        return settings
    base = _settings({key: one for key, one in remotes.items() if key != name}, other)
    return {**base, **settings, "url": base.get("url", "")}


def _refuse_questions(settings: Mapping[str, Any], errors: RemoteErrors) -> None:
    """Raise an error instead of letting DVC ask for a password where nobody can answer."""
    for setting in ("password", "passphrase"):
        if settings.get(f"ask_{setting}") and not settings.get(setting) and not has_terminal():
            raise errors.without_terminal(setting)


def _ask_nothing(files: Any) -> None:
    """Let a connection over SSH fail where DVC's own client would ask for a password."""
    from asyncssh import SSHClient

    files.fs_args["client_factory"] = SSHClient


@contextlib.contextmanager
def _named_user() -> Iterator[None]:
    """Let DVC name the user, who has no name in a container that runs under a number of its own."""
    try:
        getpass.getuser()
    except (ImportError, KeyError, OSError):
        # Windows has no number for a user, and its users have names.
        os.environ["LOGNAME"] = str(os.getuid()) if hasattr(os, "getuid") else "nobody"
        try:
            yield
        finally:
            del os.environ["LOGNAME"]
    else:
        yield


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep DVC from writing to the terminal."""
    # DVC sets its log level when it is imported, so import it first.
    importlib.import_module("dvc.repo")
    logger = logging.getLogger("dvc")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
