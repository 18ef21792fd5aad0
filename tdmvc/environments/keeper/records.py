"""Records of kept environments, in the repository's state folder: only this user can read them."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tdmvc.environments.planning.selection import DEFAULT_NAME
from tdmvc.errors import NotFoundError
from tdmvc.model.environment_report import KeptEnvironment
from tdmvc.store.atomic_files import write_atomic
from tdmvc.store.lock import exclusive, try_exclusive
from tdmvc.store.state_folder import state_folder
from tdmvc.workspace.workspace import Workspace

_PATIENCE_SECONDS = 1.0
_UNREADABLE_SECONDS = 3.0
_POLL_SECONDS = 0.05


class Records:
    """The kept environments of a repository.

    The process that keeps one holds a lock as long as it lives, so that a record whose lock is free is of a process
    that was killed.
    """

    def __init__(self, root: Path) -> None:
        self._folder = state_folder(root) / "environments"

    @contextmanager
    def changing(self, workspace: Workspace) -> Iterator[None]:
        """Let only one process at a time start or stop environments here."""
        message = "Another tdmvc process is starting or stopping an environment here; waiting for it."
        with exclusive(self._folder / "changes.gate", on_wait=lambda: workspace.warn(message)):
            yield

    @contextmanager
    def keeping(self, name: str) -> Iterator[None]:
        """Hold the lock of an environment that this process keeps; at the end, its record is removed."""
        with exclusive(self._lock(name)):
            try:
                yield
            finally:
                self.remove(name)

    def log(self, name: str) -> Path:
        """Return the file for what the keeping process prints."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._folder / f"{name}.log"

    def write(self, kept: KeptEnvironment) -> None:
        """Write the record of an environment that is ready."""
        data = json.dumps(asdict(kept), indent=1).encode()
        write_atomic(self._record(kept.name), data, mode=0o600)

    def read(self, name: str) -> KeptEnvironment | None:
        """Return the record of an environment that is ready, or None if it does not run."""
        return self._read(name) if self.is_held(name) else None

    def running(self) -> list[KeptEnvironment]:
        """Return all environments that are ready, by name."""
        found = (self.read(name) for name in self.names())
        return [kept for kept in found if kept is not None]

    def names(self) -> list[str]:
        """Return the names of all records, also of those whose process was killed."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def await_started(self, workspace: Workspace) -> None:
        """Wait until no environment is being started by a process that nobody waits for; called while `changing`.

        Whoever started it was killed; the process itself goes on, and its environment is ready soon. A record that
        was damaged is written again soon; if not, another version of tdmvc wrote it, and its environment is stopped.
        """
        started = time.monotonic()
        is_patient = True
        while unknown := [name for name in self._locked() if self._read(name) is None]:
            seconds = time.monotonic() - started
            if is_patient and seconds > _PATIENCE_SECONDS:
                workspace.warn(f"Waiting for an environment that is being started: {', '.join(unknown)}.")
                is_patient = False
            for name in unknown:
                if self.is_recorded(name) and seconds > _UNREADABLE_SECONDS:
                    workspace.warn(f"The record of the environment {name} cannot be read; it is stopped.")
                    self.remove(name)
            time.sleep(_POLL_SECONDS)

    def need(self, name: str | None, known: str = "", declared: Sequence[str] = ()) -> KeptEnvironment:
        """Return the record of an environment that is ready; without a name, the only one, or `local`.

        Args:
            known: the environment for the folder, if there is one.
            declared: the names in tdmvc.yaml.

        Raises:
            NotFoundError: it does not run, or does not exist; the message has similar names.
        """
        running = {kept.name: kept for kept in self.running()}
        chosen = name or (known if known in running else "")
        if not chosen:
            chosen = next(iter(running)) if len(running) == 1 else DEFAULT_NAME
        if chosen in running:
            return running[chosen]
        names = list(dict.fromkeys([*running, *declared]))
        if name and name not in names and names:
            raise NotFoundError.named("environment", name, names, where=str(self._folder.parent.parent))
        raise NotFoundError(
            f"The environment {chosen} is not running." if running or name else "No environment is running.",
            where=str(self._folder.parent),
            remedy=f"use one of: {', '.join(running)}."
            if running
            else f"start it: `{' '.join(['tdmvc up', name or known]).strip()}`.",
        )

    def is_recorded(self, name: str) -> bool:
        """Whether there is a record, of whichever process."""
        return self._record(name).exists()

    def is_held(self, name: str) -> bool:
        """Whether a process keeps the environment, or is starting it."""
        path = self._lock(name)
        if not path.exists():
            return False
        lock = try_exclusive(path)
        if lock is None:
            return path.exists()
        lock.release()
        return False

    def remove(self, name: str) -> None:
        """Remove a record; the process that keeps the environment ends without it."""
        self._record(name).unlink(missing_ok=True)

    def free_name(self, name: str) -> str:
        """Return a name that no kept environment has: the given one, or one with a number."""
        chosen, number = name, 2
        while self.is_held(chosen):
            chosen, number = f"{name}-{number}", number + 1
        return chosen

    def _read(self, name: str) -> KeptEnvironment | None:
        try:
            fields = json.loads(self._record(name).read_text(encoding="utf-8"))
            return KeptEnvironment(**{**fields, "refs": tuple(fields["refs"])})
        except (OSError, ValueError, TypeError, KeyError):
            # It is being started, or another version of tdmvc wrote it.
            return None

    def _locked(self) -> list[str]:
        """Return the names whose lock a process holds."""
        names = sorted(path.stem for path in self._folder.glob("*.lock"))
        return [name for name in names if self.is_held(name)]

    def _record(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _lock(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
