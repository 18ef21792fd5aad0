"""What the verbs of contracts take, found and did."""

from dataclasses import dataclass

from tdmvc.model.contract_changes import ContractChange
from tdmvc.model.location import Location
from tdmvc.model.schema import TableSchema
from tdmvc.model.service_levels import ServiceLevel


@dataclass(frozen=True, slots=True)
class ContractSource:
    """What a person names as a contract: a reference, a file, migrations or a database."""

    text: str
    """As written."""
    location: Location
    """The same as a path or URL."""
    format: str | None = None
    """Of a file, by default the one that its content has; or the tool of migrations."""


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What a contract declares."""

    name: str
    """The reference, the path or the address of the database."""
    path: str
    """Of its file or its migrations, from the root of the repository."""
    tables: tuple[TableSchema, ...]
    """Those that were asked for, in the contract's order."""
    service_levels: tuple[ServiceLevel, ...] = ()
    notes: tuple[str, ...] = ()
    """What it declares without effect, each with its place."""
    has_rows: bool = False
    """Whether it is the contract of a state, whose rows it is about."""


@dataclass(frozen=True, slots=True)
class ContractImport:
    """What a file, migrations or a database added to the contract of a dataset."""

    dataset: str
    path: str
    """Of the dataset's contract, from the root of the repository."""
    source: str
    """The file or the database."""
    changes: tuple[ContractChange, ...]
    is_written: bool
    """Whether the contract was changed; never with --dry-run."""
    is_new: bool = False
    """Whether there are no rows of the dataset yet."""
    conflicts: tuple[str, ...] = ()
    """What the file says otherwise than the contract or its rows, which stay."""
    left_out: tuple[str, ...] = ()
    """The tables of the file that the dataset does not have."""
    unwritten: tuple[str, ...] = ()
    """The rules that contract.yaml has no form for, in words."""
    notes: tuple[str, ...] = ()
    """What the file declares without effect, each with its place."""


@dataclass(frozen=True, slots=True)
class ContractExport:
    """A contract as a text of some format."""

    text: str
    notes: tuple[str, ...] = ()
    """What the format cannot say, each with its place."""
    path: str | None = None
    """The file that it was written to; None if to none."""
