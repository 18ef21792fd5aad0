"""Why tests failed: what was recorded of each test, and the verdicts on those that failed."""

from dataclasses import dataclass
from enum import StrEnum


class VerdictKind(StrEnum):
    """Why a test failed."""

    BAD_DATA = "bad-data"
    """It passes with other rows, and the code is the same."""
    SUSPECTED_DATA = "suspected-data"
    """The database refused rows, or had none, and no rows are known with which the test passes."""
    SCHEMA_DRIFT = "schema-drift"
    """The code names tables or columns that the database does not have."""
    ORDER_DEPENDENT = "order-dependent"
    """It passes alone, and fails after another test."""
    FLAKY = "flaky"
    """It passes and fails with the same code and the same rows."""
    CODE = "code"
    """Neither rows nor schema nor other tests explain it."""
    UNKNOWN = "unknown"
    """It could not be run again."""


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """A row that differs from the version with which the test passes; without any value but the key."""

    dataset: str
    table: str
    change: str
    """`added`, `removed` or `changed`."""
    key: str = ""
    """As text, `id 4`; masked if the key is, or looks, personal. Empty in a table without a key."""
    columns: tuple[str, ...] = ()
    """Those that differ, of a changed row."""
    rows: int = 1
    """More than one only in a table without a key."""


@dataclass(frozen=True, slots=True)
class FailureVerdict:
    """Why a test failed, and what says so."""

    kind: VerdictKind
    because: str
    """One sentence."""
    next: str = ""
    """What to do, often a command."""
    polluter: str = ""
    """The test after which this one fails."""
    compared: tuple[str, ...] = ()
    """The states with which the test passes instead: `golden@1.0.0`."""
    changes: tuple[ChangedRows, ...] = ()
    """The first rows that differ, of the tables that the test reads."""


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One test of one run."""

    __test__ = False

    test: str
    """Its node id, as pytest prints it."""
    outcome: str
    """`passed`, `failed`, `error` or `skipped`."""
    seconds: float
    at: str
    """When it ended, in UTC: ISO 8601."""
    run: str
    """The same for all tests of one process."""
    environment: str = ""
    datasets: tuple[str, ...] = ()
    """The states in its database, in their order."""
    rows: str = ""
    """A digest of these states: equal digests are equal rows. Empty if another process provides the database."""
    schema: str = ""
    """A digest of what the schema was made from."""
    read: tuple[str, ...] | None = None
    """Tables that it read; None if that is not known."""
    written: tuple[str, ...] | None = None
    verdict: FailureVerdict | None = None
