"""What seeding a database takes and reports."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from tdmvc.model.finding import Finding, has_errors
from tdmvc.model.selection import EVERYTHING, Selection


class SeedMode(StrEnum):
    """What happens to rows that the tables have already."""

    REPLACE = "replace"
    """The tables hold exactly the rows of the dataset."""
    UPSERT = "upsert"
    """Rows with a key that is there are updated where they differ, all others stay."""
    APPEND = "append"
    """Rows are added; a key that is there is an error."""


@dataclass(frozen=True, slots=True)
class WrittenRows:
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
    is_exact: bool = True
    """Whether the table had no other rows."""
    is_created: bool = False
    """Whether tdmvc made the table, and not the application."""
    ref: str = ""
    """The state whose rows these are, if it is not the last one that was loaded, which may not have had this table."""
    references: str = ""
    """A digest of this table and of those of the dataset that it refers to, when all its references held; empty if
    they did not, or were not checked."""


@dataclass(frozen=True, slots=True)
class SeededDataset:
    """What a database remembers of a dataset that tdmvc loaded: one row of `tdmvc_state`."""

    dataset: str
    ref: str
    """The state that was loaded: `golden@3.2.0`."""
    content: str
    """The content hash of all tables that are remembered."""
    heads: tuple[tuple[str, str], ...]
    """The migration heads that the state was made for: location and head, sorted."""
    seeded_at: datetime
    tool_version: str
    tables: tuple[SeededTable, ...]
    sequence_offset: int = 0
    """How much further than needed sequences were moved."""
    moment: str = field(default="", compare=False)
    """By what the engine knows that nobody has written to the database since; empty if it cannot know."""

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
                sequence_offset=int(fields["sequence_offset"]),
                moment=str(fields.get("moment", "")),
            )
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class SeedOptions:
    """How a database is seeded."""

    mode: SeedMode | None = None
    """None: `upsert` for reference data, `replace` for every other kind of dataset."""
    selection: Selection = EVERYTHING
    """Which tables of the datasets."""
    create: bool = False
    """Make tables that a database with an application's tables lacks."""
    truncate_others: bool = False
    """Delete the rows of all tables that no dataset has."""
    force: bool = False
    """Seed a database that looks like production, and delete rows that tdmvc did not load."""
    verify: bool = False
    """Read all rows back, and compare their content hash."""
    dry_run: bool = False
    validates: bool = False
    """Refuse rows that break a rule of their contract which no database enforces."""
    sequence_offset: int = 0
    """How much further sequences are moved than the largest key needs."""


class LoadMethod(StrEnum):
    """How a table got its rows."""

    CREATED = "created"
    """The table was made, and then loaded."""
    RELOADED = "reloaded"
    """All its rows were deleted, if it had any, and loaded."""
    DIFFERENCE = "difference"
    """Only the rows that differ from the state that was there."""
    UPSERTED = "upserted"
    APPENDED = "appended"
    NOTHING = "nothing"
    """The rows were there already, proven."""
    CLEARED = "cleared"
    """No dataset has the table, and its rows were deleted."""


@dataclass(frozen=True, slots=True)
class SeededTableReport:
    """What happened to one table."""

    name: str
    """Its name in the dataset; empty for a table that no dataset has."""
    target: str
    """Its name in the database."""
    method: LoadMethod
    counts: WrittenRows
    """What a dry run cannot know is 0."""
    rows: int
    """How many rows it has now."""
    seconds: float = 0.0
    why: str = ""
    """Why it was done this way, if it is not plain."""


@dataclass(frozen=True, slots=True)
class DatasetSeedReport:
    """What seeding one state of a dataset did, or would do."""

    dataset: str
    ref: str
    content: str
    """The content hash of the tables that were seeded."""
    mode: SeedMode
    tables: tuple[SeededTableReport, ...]
    """In the order in which they were loaded."""
    findings: tuple[Finding, ...] = ()
    is_verified: bool = False
    """Whether all rows were read back, and have the content hash of the state."""
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables if table.name)

    @property
    def is_there(self) -> bool:
        """Whether the database had exactly these rows before, so that nothing was written."""
        return all(table.method is LoadMethod.NOTHING for table in self.tables)


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What seeding a database did, or would do."""

    target: str
    """Without a password."""
    engine: str
    """As declarations name it: `postgresql`."""
    datasets: tuple[DatasetSeedReport, ...]
    is_dry_run: bool = False
    refusal: str = ""
    """Only in a dry run: why nothing would be written without --force."""
    seconds: float = 0.0

    @property
    def has_errors(self) -> bool:
        """Whether nothing would be written."""
        return bool(self.refusal) or any(has_errors(dataset.findings) for dataset in self.datasets)
