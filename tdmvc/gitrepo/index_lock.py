"""Git commands that write the index, which only one program at a time can do."""

import time
from functools import cached_property
from pathlib import Path

from tdmvc.errors import StoreError
from tdmvc.gitrepo.repository import GitRepo

LOCK_SECONDS = 5.0
"""How long to wait for another program. Editors and `git status` hold the lock for milliseconds."""
_PAUSE_SECONDS = 0.02
AGAIN = "run the same command again"
FINISH = "finish the merge with `tdmvc merge --continue`, or undo it with `tdmvc merge --abort`"


class IndexWait:
    """Waits while another program holds the lock, up to a limit."""

    def __init__(self, git: GitRepo, then: str = AGAIN) -> None:
        """Start the clock.

        Args:
            then: what to do once the lock is gone, for the message.
        """
        self._git = git
        self._then = then
        self._started = time.monotonic()

    @cached_property
    def _lock(self) -> Path:
        return self._git.own_paths("index.lock")[0]

    @property
    def is_needed(self) -> bool:
        """Whether another program holds the lock, or a killed one left it."""
        return self._lock.exists()

    def pause(self) -> bool:
        """Wait a moment; return False if the time is over, but no lock is there.

        Raises:
            StoreError: the lock is still there, or is so old that no running program is likely to hold it.
        """
        is_over = time.monotonic() - self._started > LOCK_SECONDS
        try:
            since = self._lock.stat().st_mtime
        except FileNotFoundError:
            if is_over:
                return False
        else:
            if is_over or time.time() - since > LOCK_SECONDS:
                raise StoreError.git_locked(self._lock, since, self._then)
        time.sleep(_PAUSE_SECONDS)
        return True


def try_index_write(git: GitRepo, *words: str, text: str | None = None, then: str = AGAIN) -> tuple[int, str]:
    """Run a Git command that writes the index, again while another program holds it; return its exit code and output.

    Args:
        text: what the command reads from its standard input.
        then: what to do once the lock is gone, for the message.

    Raises:
        StoreError: another program holds the index for too long; the command changed nothing.
    """
    wait = IndexWait(git, then)
    while True:
        status, output = git.commands.run_to_end(*words, text=text)
        # The file's name is the same in every language in which Git writes messages, but not in every message.
        if not status or not ("index.lock" in output or wait.is_needed) or not wait.pause():
            return status, output


def write_index(git: GitRepo, *words: str, text: str | None = None, then: str = AGAIN) -> None:
    """Run a Git command that writes the index.

    Raises:
        StoreError: another program holds the index, or Git cannot write.
    """
    status, output = try_index_write(git, *words, text=text, then=then)
    if status:
        raise StoreError(
            f"Git cannot write its index: {output or f'exit code {status}'}",
            where=str(git.root),
            remedy=f"correct what Git reports, then {then}.",
        )
