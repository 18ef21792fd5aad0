"""What the verbs of contracts found and did."""

from dataclasses import dataclass

from tdmvc.model.schema import TableSchema
from tdmvc.model.service_levels import ServiceLevel


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What a contract declares."""

    name: str
    """The reference, the path or the address of the database."""
    path: str
    """Of its file, from the root of the repository."""
    tables: tuple[TableSchema, ...]
    """Those that were asked for, in the contract's order."""
    service_levels: tuple[ServiceLevel, ...] = ()
    notes: tuple[str, ...] = ()
    """What it declares without effect, each with its place."""
