"""The options that verbs take and pass on to the rooms below them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tdmvc.model.csv_options import AS_CSV_SAYS, CsvOptions
from tdmvc.model.dataset import DatasetKind
from tdmvc.model.named_keys import NO_KEYS, NamedKeys
from tdmvc.model.names import encode_file_name
from tdmvc.model.progress import ProgressCallback, ignore_progress
from tdmvc.model.selection import EVERYTHING, Selection


@dataclass(frozen=True, slots=True)
class AddOptions:
    """How to add rows."""

    table: str | None = None
    """The name of the table of a single file."""
    selection: Selection = EVERYTHING
    """Which tables, and which files of a folder."""
    keys: NamedKeys = NO_KEYS
    """Key columns by table, named by a person."""
    keys_file: Path | None = None
    """A YAML file with keys of further tables."""
    csv: CsvOptions = AS_CSV_SAYS
    """What CSV files do not say themselves."""
    schemas: tuple[str, ...] = ()
    """Schemas of the databases; empty for those that a URL names, or the default ones."""
    append: bool = False
    """Keep the rows that a table already has."""
    replace: bool = False
    """Remove the tables that the sources do not have."""
    removed: tuple[str, ...] = ()
    """Tables to remove."""
    kind: DatasetKind | None = None
    is_migrated: bool = False
    """Whether all migrations of the work tree were run on the rows."""


class RowsFormat(StrEnum):
    """How row files are written."""

    PARQUET = "parquet"
    CSV = "csv"
    CSV_SAFE = "csv-safe"
    """CSV for spreadsheets: a text that one might run as a formula gets an apostrophe, so it is not exact."""

    @property
    def suffix(self) -> str:
        """The ending of the file's name, without a dot."""
        return "parquet" if self is RowsFormat.PARQUET else "csv"


@dataclass(frozen=True, slots=True)
class RowsTarget:
    """Where the full list of touched rows is written.

    One line per row: `change` (added, removed or changed), then `key_<column>` for the key,
    `old_<column>` for every column of the old side and `new_<column>` for every column of the new
    side, in key order. A side that lacks the row is null. Values of personal columns are masked; a
    null stays a null.
    """

    folder: Path
    format: RowsFormat = RowsFormat.PARQUET

    def path_of(self, table: str) -> Path:
        """Return the table's file; its name cannot lead out of the folder."""
        return self.folder / f"{encode_file_name(table)}.{self.format.suffix}"


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """What a comparison shows of the rows, and where it reports its progress."""

    sample_rows: int = 5
    """How many rows of each kind are shown."""
    rows: RowsTarget | None = None
    """Where the full list of touched rows is written, one file per changed table."""
    on_progress: ProgressCallback = ignore_progress


DEFAULT_DIFF = DiffOptions()


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which points of a history are listed, and in which order."""

    max_count: int | None = None
    since: str | None = None
    """A date in any form that Git accepts; nothing older is listed."""
    until: str | None = None
    """A date in any form that Git accepts; nothing newer is listed."""
    oldest_first: bool = False
    by_version: bool = False
    """Follow published versions instead of commits."""


class FastForward(StrEnum):
    """Whether a merge may, must or must not be a fast-forward."""

    AUTO = "auto"
    ONLY = "only"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """How to merge."""

    message: str | None = None
    is_committed: bool = True
    fast_forward: FastForward = FastForward.AUTO
    allow_broken: bool = False
    """Commit even if the merged rows break a rule that both sides kept."""
