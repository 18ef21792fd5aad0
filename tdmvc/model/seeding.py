"""What seeding a database takes and reports."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from tdmvc.model.finding import Finding


class SeedMode(StrEnum):
    """What happens to rows that the tables have already."""

    REPLACE = "replace"
    """The tables hold exactly the rows of the dataset."""
    UPSERT = "upsert"
    """Rows with a key that is there are updated where they differ, all others stay."""
    APPEND = "append"
    """Rows are added; a key that is there is an error."""


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows of a table were written, and how."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class SeededTable:
    """What a database remembers of one table that tdmvc loaded."""

    name: str
    object: str
    """The object of the store that lists the table's parts."""
    content: str
    """The content hash of the rows."""
    rows: int
    fingerprint: str
    """What the engine computed from the rows and the table's definition right after loading; see
    `DatabaseTarget.fingerprint`."""
    is_created: bool = False
    """Whether tdmvc made the table, and not the application."""


@dataclass(frozen=True, slots=True)
class SeededDataset:
    """What a database remembers of a dataset that tdmvc loaded: one row of `tdmvc_state`."""

    dataset: str
    ref: str
    """The state that was loaded: `golden@3.2.0`."""
    content: str
    """The content hash of the whole state."""
    heads: tuple[tuple[str, str], ...]
    """The migration heads that the state was made for: location and head, sorted."""
    seeded_at: datetime
    tool_version: str
    tables: tuple[SeededTable, ...]

    def table(self, name: str) -> SeededTable | None:
        """Return what is remembered of one table of the dataset."""
        return next((table for table in self.tables if table.name == name), None)

    def to_json(self) -> str:
        """Return all fields but the dataset's name as one JSON text, as `tdmvc_state` keeps them."""
        fields = asdict(self)
        del fields["dataset"]
        return json.dumps(fields | {"seeded_at": self.seeded_at.isoformat()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, dataset: str, text: str) -> "SeededDataset | None":
        """Return what `to_json` wrote; None for anything else, such as what a later tdmvc writes."""
        try:
            fields = json.loads(text)
            return cls(
                dataset=dataset,
                ref=str(fields["ref"]),
                content=str(fields["content"]),
                heads=tuple((str(location), str(head)) for location, head in fields["heads"]),
                seeded_at=datetime.fromisoformat(fields["seeded_at"]),
                tool_version=str(fields["tool_version"]),
                tables=tuple(SeededTable(**table) for table in fields["tables"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


class LoadMethod(StrEnum):
    """How a table got its rows."""

    CREATED = "created"
    """The table was made, and then loaded."""
    RELOADED = "reloaded"
    DIFFERENCE = "difference"
    """Only the rows that differ from the version that was there."""
    UPSERTED = "upserted"
    APPENDED = "appended"
    NOTHING = "nothing"
    """The rows were there already, proven."""


@dataclass(frozen=True, slots=True)
class SeededTableReport:
    """What happened to one table."""

    name: str
    target: str
    """Its name in the database."""
    method: LoadMethod
    counts: RowCounts
    rows: int
    """How many rows it has now."""
    seconds: float
    why: str = ""
    """Why the table was reloaded, although another version of the dataset was there."""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What seeding one state did, or would do."""

    ref: str
    target: str
    """Without a password."""
    mode: SeedMode
    tables: tuple[SeededTableReport, ...]
    findings: tuple[Finding, ...] = ()
    is_verified: bool = False
    """Whether all rows were read back, and have the content hash of the state."""
    is_dry_run: bool = False
    seconds: float = 0.0
