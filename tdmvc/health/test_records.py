"""Keeps what was recorded of tests: one file of JSON lines for each process that ran tests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tdmvc.model.verdict import ChangedRows, FailureVerdict, TestRecord, VerdictKind

FORMAT = "tdmvc.test/1"
FOLDER = Path(".tdmvc") / "health"
"""Below the root of the repository."""
_MOST_FILES = 200
"""Older ones are removed."""


def write_records(root: Path, name: str, records: Sequence[TestRecord]) -> Path:
    """Write the records of one process, let Git ignore them, and remove the oldest files; return the new one.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    path = folder / f"{name}.jsonl"
    lines = [json.dumps({"format": FORMAT} | _plain(record), ensure_ascii=False) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for old in _files(root)[_MOST_FILES:]:
        old.unlink(missing_ok=True)
    return path


def read_records(root: Path) -> Iterator[TestRecord]:
    """Yield the records of all processes, the newest first; what cannot be read is left out."""
    for path in _files(root):
        with suppress(OSError, UnicodeDecodeError):
            for line in reversed(path.read_text(encoding="utf-8").splitlines()):
                with suppress(ValueError, KeyError, TypeError, AttributeError):
                    found = json.loads(line)
                    if found.pop("format") == FORMAT:
                        yield _record(found)


def _files(root: Path) -> list[Path]:
    """Return the files, the newest first: their names begin with the time."""
    return sorted((root / FOLDER).glob("*.jsonl"), key=lambda path: path.name, reverse=True)


def _plain(record: TestRecord) -> dict[str, Any]:
    return asdict(record)


def _record(found: Mapping[str, Any]) -> TestRecord:
    verdict = found["verdict"]
    return TestRecord(
        **{
            **found,
            "datasets": tuple(found["datasets"]),
            "read": None if found["read"] is None else tuple(found["read"]),
            "written": None if found["written"] is None else tuple(found["written"]),
            "verdict": None if verdict is None else _verdict(verdict),
        }
    )


def _verdict(found: Mapping[str, Any]) -> FailureVerdict:
    changes = tuple(
        ChangedRows(**{**change, "columns": tuple(change["columns"])}) for change in found["changes"]
    )
    return FailureVerdict(
        **{
            **found,
            "kind": VerdictKind(found["kind"]),
            "compared": tuple(found["compared"]),
            "changes": changes,
        }
    )
