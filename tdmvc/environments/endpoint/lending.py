"""Lends databases to tests: each in the seeded state, and to one borrower at a time."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tdmvc.environments.base import DatabaseSource
from tdmvc.environments.serial import SerialDatabase
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetReport

MOST_DATABASES = 4 * (os.cpu_count() or 1) + 4
"""How many databases exist at once before those that look abandoned are lent again."""
_ABANDONED_SECONDS = 30.0
"""For how long a database belongs to its borrower, even if nobody is connected to it."""


@dataclass(slots=True)
class Loan:
    """A database that was made for tests."""

    number: int
    database: SerialDatabase
    lent_at: float
    """In seconds, by the clock of the lender."""
    is_lent: bool = True


class Lender:
    """Makes databases for tests, and lends each one again after it is returned.

    A test that ends without returning its database is common: if there are many databases, one that was lent
    a while ago, and that nobody is connected to, is reset and lent again.
    """

    def __init__(
        self,
        source: DatabaseSource,
        most: int = MOST_DATABASES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._most = most
        self._clock = clock
        self._loans: dict[int, Loan] = {}
        """In the order in which they were lent."""
        self._lock = threading.Lock()
        """Held while loans are looked up or changed, never while a database works."""
        self._made = 0

    def lend(self) -> Loan:
        """Return a database in the seeded state that nobody else uses.

        Raises:
            DatabaseError: none can be made or reset.
        """
        loan = self._returned() or self._abandoned()
        if loan is not None:
            try:
                loan.database.reset()
                return loan
            except DatabaseError:
                # It is of no use any more; a new one may be.
                self.drop(loan.number)
        database = SerialDatabase(self._source.create())
        with self._lock:
            loan = Loan(self._made, database, self._clock())
            self._made += 1
            self._loans[loan.number] = loan
        return loan

    def give_back(self, number: int) -> bool:
        """Let others have a database; false if there is none with the number."""
        with self._lock:
            loan = self._loans.get(number)
            if loan is not None:
                loan.is_lent = False
        return loan is not None

    def reset(self, number: int) -> ResetReport | None:
        """Bring a database back to the seeded state; None if there is none with the number.

        Raises:
            DatabaseError: it cannot be reset.
        """
        with self._lock:
            loan = self._loans.get(number)
        return None if loan is None else loan.database.reset()

    def drop(self, number: int) -> bool:
        """Remove a database; false if there is none with the number.

        Raises:
            DatabaseError: it cannot be removed.
        """
        with self._lock:
            loan = self._loans.pop(number, None)
        if loan is not None:
            loan.database.drop()
        return loan is not None

    def drop_all(self) -> None:
        """Remove all databases.

        Raises:
            DatabaseError: one cannot be removed.
        """
        with self._lock:
            numbers = list(self._loans)
        for number in numbers:
            self.drop(number)

    def _returned(self) -> Loan | None:
        with self._lock:
            found = next((loan for loan in self._loans.values() if not loan.is_lent), None)
            return None if found is None else self._take(found)

    def _abandoned(self) -> Loan | None:
        """Return the first of many databases that was lent a while ago, and that nobody is connected to."""
        with self._lock:
            if len(self._loans) < self._most:
                return None
            end = self._clock() - _ABANDONED_SECONDS
            candidates = [(loan, loan.lent_at) for loan in self._loans.values() if loan.lent_at < end]
        for loan, lent_at in candidates:
            if loan.database.is_used():
                continue
            with self._lock:
                # Another thread may have lent it meanwhile.
                if loan.lent_at == lent_at and loan.number in self._loans:
                    return self._take(loan)
        return None

    def _take(self, loan: Loan) -> Loan:
        """Lend a database, as the last in the order."""
        del self._loans[loan.number]
        loan.is_lent, loan.lent_at = True, self._clock()
        self._loans[loan.number] = loan
        return loan
