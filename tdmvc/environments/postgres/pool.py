"""Spare copies of a template, made in the background while tests run."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing

from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.template import TemplateDatabase
from tdmvc.errors import DatabaseError

_MOST_OLD = 2
"""How many databases that nobody needs may wait until they are dropped, before that comes first."""


class SparePool:
    """Makes spare copies of a template, and drops databases that are no longer needed, in a thread of its own.

    The thread starts with the first request. After an error it waits for the next one; what it could not do is then
    done by `take`, which raises if it fails again.
    """

    def __init__(
        self,
        connect: Callable[[], Administrator],
        template: TemplateDatabase,
        new_name: Callable[[], str],
        size: int,
    ) -> None:
        """Prepare a pool.

        Args:
            connect: makes the connections of the thread.
            new_name: names a new database.
            size: how many spare copies there are at most.
        """
        self._connect = connect
        self._template = template
        self._new_name = new_name
        self._size = size
        self._changed = threading.Condition()
        self._spares: deque[str] = deque()
        self._old: deque[str] = deque()
        self._wanted = 0
        self._is_making = False
        self._is_closed = False
        self._is_paused = False
        self._thread: threading.Thread | None = None

    def refill(self) -> None:
        """Let the pool be filled in the background."""
        with self._changed:
            self._wanted = self._size
            self._wake()

    def take(self, administrator: Administrator) -> tuple[str, bool]:
        """Return a copy that belongs to the caller, and whether it was ready; else it is made now.

        Raises:
            DatabaseError: a copy cannot be made, or databases that nobody needs cannot be dropped.
        """
        with self._changed:
            was_ready = bool(self._spares)
            while self._is_making and not self._spares:
                self._changed.wait()
            spare = self._spares.popleft() if self._spares else None
            too_many = [self._old.pop() for _ in range(len(self._old) - 2 * _MOST_OLD)]
        for old in too_many:
            administrator.drop(old)
        if spare is None:
            # What went wrong in the background, if it did, goes wrong here again, or it has passed.
            spare = self._new_name()
            self._template.copy_to(administrator, spare)
        return spare, was_ready

    def discard(self, database: str) -> None:
        """Let a database be dropped in the background."""
        with self._changed:
            self._old.append(database)
            self._wake()

    def close(self) -> None:
        """Wait until the thread has ended; what it has not done is left."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        """Start the thread, or tell it that there is work."""
        self._is_paused = False
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._run, name="tdmvc-spare-databases", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while self._wait_for_work():
            try:
                # A session that waits for work could be ended by a test, or by the server.
                with closing(self._connect()) as administrator:
                    self._work(administrator)
            except DatabaseError:
                with self._changed:
                    self._is_paused = True
                    self._is_making = False
                    self._changed.notify_all()

    def _wait_for_work(self) -> bool:
        """Wait until there is something to do; false if the pool is closed."""
        with self._changed:
            while not self._is_closed and (self._is_paused or not (self._old or self._lacks_spares)):
                self._changed.wait()
            return not self._is_closed

    @property
    def _lacks_spares(self) -> bool:
        return len(self._spares) < self._wanted

    def _work(self, administrator: Administrator) -> None:
        """Make one spare copy, or drop one database."""
        with self._changed:
            old = (
                self._old[0] if self._old and (not self._lacks_spares or len(self._old) > _MOST_OLD) else None
            )
            self._is_making = old is None and self._lacks_spares
        if old is not None:
            administrator.drop(old)
            with self._changed, contextlib.suppress(ValueError):
                self._old.remove(old)
        elif self._is_making:
            name = self._new_name()
            self._template.copy_to(administrator, name)
            with self._changed:
                self._spares.append(name)
                self._is_making = False
                self._changed.notify_all()
