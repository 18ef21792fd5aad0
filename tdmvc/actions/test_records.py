"""`test records`: keeps what tests did, and finds the rows with which a test passed."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.health.test_records import read_records, write_records
from tdmvc.model.verdict import TestRecord

__all__ = ["KnownPasses", "find_passes", "record_tests"]


@dataclass(frozen=True, slots=True)
class KnownPasses:
    """The runs in which a test passed, the newest first."""

    records: list[TestRecord] = field(default_factory=list)

    def has_rows(self, rows: str, datasets: Sequence[str]) -> bool:
        """Whether the test passed with these rows; states of versions do not change, so that their names suffice."""
        return any(
            record.rows == rows
            if rows and record.rows
            else _is_fixed(datasets) and record.datasets == datasets
            for record in self.records
        )

    def latest_versions(self) -> tuple[str, ...]:
        """Return the newest states with which it passed and that can be provided again."""
        return next((record.datasets for record in self.records if _is_fixed(record.datasets)), ())


def record_tests(root: Path, name: str, records: Sequence[TestRecord]) -> Path:
    """Keep what was recorded in one process below the root of a repository, and return the file.

    Raises:
        OSError: the folder cannot be written.
    """
    return write_records(root, name, records)


def find_passes(root: Path, tests: Iterable[str]) -> dict[str, KnownPasses]:
    """Return when tests passed, by test."""
    found = {test: KnownPasses() for test in tests}
    with suppress(OSError):
        for record in read_records(root):
            if record.outcome == "passed" and record.test in found:
                found[record.test].records.append(record)
    return found


def _is_fixed(datasets: Sequence[str]) -> bool:
    return bool(datasets) and all("@" in ref for ref in datasets)
