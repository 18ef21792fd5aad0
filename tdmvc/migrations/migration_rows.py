"""Reads single rows of the tables in which migration tools keep what they have applied.

Values are as a file or a driver gives them: the same flag may be a boolean, a number, bytes or a text.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum, auto

Row = Mapping[str, object]
"""One row of a table, by column name in lower case without underscores."""


class MigrationOutcome(Enum):
    """What became of one migration."""

    APPLIED = auto()
    BASELINE = auto()
    """It and all before it count as applied."""
    BEFORE = auto()
    """It failed, and all before it are applied."""
    FAILED = auto()
    UNDONE = auto()


Entry = tuple[str, MigrationOutcome]
"""An id, as the tool's table spells it, and what became of it."""


def plain_name(name: str) -> str:
    """Return a name of a table or a column for comparison: some tools and databases write it in other ways."""
    return name.replace("_", "").lower()


def plain_columns(columns: Iterable[str]) -> frozenset[str]:
    """Return the names of columns for comparison."""
    return frozenset(map(plain_name, columns))


def rank(value: object) -> tuple[int, float, str]:
    """Return a key that sorts numbers as numbers, also those that are texts, and times as times."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return 1, 0.0, moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    text = text_of(value)
    return (0, float(text), "") if re.fullmatch(r"[0-9]{1,300}", text) else (1, 0.0, text)


def text_of(value: object) -> str:
    """Return an id as text, whichever type a source gave it."""
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def count_of(value: object) -> int:
    """Return a count; 0 for what is no count."""
    text = text_of(value)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def is_true(value: object) -> bool:
    """Return whether a value means yes, whichever type a source gave it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return any(value) and bytes(value).lower() not in (b"0", b"f", b"false", b"n", b"no")
    return str(value).strip().lower() in {"true", "t", "1", "1.0", "y", "yes"}


def is_null(value: object) -> bool:
    """Return whether a value is missing, also in a source that has only texts."""
    return value is None or value == ""


def applied(column: str) -> Callable[[Row], Entry]:
    """Return a reader for a table with a row for each applied migration."""
    return lambda row: (text_of(row[column]), MigrationOutcome.APPLIED)


def successful(column: str) -> Callable[[Row], Entry]:
    """Return a reader for a table that also says whether a migration succeeded."""
    return lambda row: (
        text_of(row[column]),
        MigrationOutcome.APPLIED if is_true(row["success"]) else MigrationOutcome.FAILED,
    )


def read_django(row: Row) -> Entry | None:
    """Return `app.name`."""
    app, name = text_of(row["app"]), text_of(row["name"])
    return (f"{app}.{name}", MigrationOutcome.APPLIED) if app and name else None


def read_flyway(row: Row) -> Entry | None:
    """Return a version; None for a repeatable migration, or the creation of the schema."""
    version, kind = text_of(row["version"]), text_of(row.get("type")).upper()
    if not version:
        return None
    if not is_true(row["success"]):
        return version, MigrationOutcome.FAILED
    if kind == "DELETE" or kind.startswith("UNDO"):
        return version, MigrationOutcome.UNDONE
    return version, MigrationOutcome.BASELINE if "BASELINE" in kind else MigrationOutcome.APPLIED


def read_liquibase(row: Row) -> Entry:
    """Return a change set as `path::id::author`."""
    is_applied = text_of(row.get("exectype")).upper() not in {"FAILED", "SKIPPED"}
    path = "::".join(text_of(row[column]) for column in ("filename", "id", "author"))
    return path, MigrationOutcome.APPLIED if is_applied else MigrationOutcome.FAILED


def read_golang_migrate(row: Row) -> Entry | None:
    """Return the current version; None before the first migration."""
    version = text_of(row["version"])
    if not version or version.startswith("-"):
        return None
    return version, MigrationOutcome.BEFORE if is_true(row["dirty"]) else MigrationOutcome.BASELINE


def read_goose(row: Row) -> Entry | None:
    """Return a version and whether it was applied or undone."""
    version = text_of(row["versionid"])
    if version in ("", "0"):
        return None
    return version, MigrationOutcome.APPLIED if is_true(row["isapplied"]) else MigrationOutcome.UNDONE


def read_prisma(row: Row) -> Entry:
    """Return a migration, which may be unfinished or rolled back."""
    outcome = MigrationOutcome.FAILED if is_null(row["finishedat"]) else MigrationOutcome.APPLIED
    is_undone = not is_null(row["rolledbackat"])
    return text_of(row["migrationname"]), MigrationOutcome.UNDONE if is_undone else outcome


def read_drizzle(row: Row) -> Entry:
    """Return a migration by its name, else by its time, by which Drizzle decides what to run, else by its hash."""
    names = (text_of(row.get(column)) for column in ("name", "createdat", "hash"))
    return next(filter(None, names), ""), MigrationOutcome.APPLIED


def read_atlas(row: Row) -> Entry | None:
    """Return a version, whose statements may not all be applied; None for Atlas's own rows."""
    version = text_of(row["version"])
    if version.startswith("."):
        # Its own bookkeeping, such as `.atlas_cloud_identifier`.
        return None
    is_partial = count_of(row["applied"]) < count_of(row["total"])
    if is_partial or not is_null(row.get("error")):
        return version, MigrationOutcome.FAILED
    is_baseline = text_of(row.get("type")) == "1"
    return version, MigrationOutcome.BASELINE if is_baseline else MigrationOutcome.APPLIED


def hasura_rows(row: Row) -> Iterable[Row]:
    """Yield the migrations of each database in the state that Hasura keeps as JSON: whether each is dirty."""
    state = row["clistate"]
    try:
        state = json.loads(text_of(state)) if not isinstance(state, Mapping) else state
    except ValueError:
        return
    databases = state.get("migrations") if isinstance(state, Mapping) else None
    for database, versions in databases.items() if isinstance(databases, Mapping) else ():
        for version, dirty in versions.items() if isinstance(versions, Mapping) else ():
            yield {"database": database, "version": version, "dirty": dirty}


def read_hasura(row: Row) -> Entry:
    """Return a version that Hasura applied, or stopped at."""
    return text_of(row["version"]), MigrationOutcome.FAILED if is_true(
        row["dirty"]
    ) else MigrationOutcome.APPLIED


def current_version(column: str) -> Callable[[Row], Entry]:
    """Return a reader for a table that holds only the current version."""
    return lambda row: (text_of(row[column]), MigrationOutcome.BASELINE)
