"""A database of PostgreSQL that was copied from a template, and how it gets back to the seeded state."""

import time
from dataclasses import replace

from tdmvc.environments.failures import CannotRestoreError
from tdmvc.environments.postgres.copies import Copies
from tdmvc.environments.postgres.write_watch import WriteWatch
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import ServerLocation


class PostgresDatabase:
    """A database in the seeded state, which is reset by the cheapest method that is sound."""

    def __init__(self, location: ServerLocation, copies: Copies) -> None:
        self._location = location
        self._copies = copies
        self._watch = WriteWatch(location, copies) if copies.is_embedded else None

    @property
    def location(self) -> ServerLocation:
        return self._location

    def reset(self) -> ResetReport:
        """Bring rows, sequences and schema back to the seeded state.

        Raises:
            DatabaseError: it cannot be reset; it must not be used any more.
        """
        start = time.monotonic()
        with self._copies.explained():
            if self._watch is None:
                report = self._swap("other programs may use the server")
            else:
                report = self._reset(self._watch)
        return replace(report, seconds=time.monotonic() - start)

    def _reset(self, watch: WriteWatch) -> ResetReport:
        """Reset a database of an embedded server."""
        why = watch.why_written()
        if not why:
            return ResetReport(ResetMethod.NOTHING, 0.0)
        survey = watch.survey()
        try:
            if watch.restore(survey) or survey.has_settings:
                report = ResetReport(ResetMethod.DELTA, 0.0, why=why)
            else:
                report = ResetReport(ResetMethod.NOTHING, 0.0)
        except CannotRestoreError as reason:
            mark = watch.read_mark()
            watch.close()
            report = self._swap(reason.why, watch.pid)
            watch.start(mark)
        ended = survey.ended + report.ended_connections
        return replace(report, ended_connections=ended, remains=survey.remains)

    def _swap(self, why: str, own: int | None = None) -> ResetReport:
        """Let a copy of the template take the place of the database."""
        copies = self._copies
        spare, was_ready = copies.pool.take(copies.administrator)
        old = copies.new_name()
        ended = copies.administrator.swap(self._location.database, spare, old, own)
        copies.pool.discard(old)
        copies.pool.refill()
        if was_ready:
            return ResetReport(ResetMethod.SWAP, 0.0, ended, why)
        return ResetReport(ResetMethod.COPY, 0.0, ended, f"{why}; no spare copy was ready")

    def is_used(self) -> bool:
        """Whether somebody else is connected to it."""
        own = self._watch.pid if self._watch is not None else None
        return any(pid != own for pid, _ in self._copies.administrator.others(self._location.database))

    def drop(self) -> None:
        """Remove it; sessions that are connected to it are ended. Nothing happens if it was removed before.

        Raises:
            DatabaseError: the server refuses.
        """
        self.close()
        self._copies.administrator.drop(self._location.database)

    def close(self) -> None:
        """Close tdmvc's own connections to it."""
        if self._watch is not None:
            self._watch.close()
