"""What a contract format is: it reads a contract and its rules from a text, and may write them as one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tdmvc.model.rules import Place, Rule
from tdmvc.model.schema import Contract, TableSchema


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a format declares and tdmvc gives no effect to, or cannot write in a format."""

    place: Place
    message: str
    """One sentence: what it is, and what that means for the rows."""


@dataclass(frozen=True, slots=True)
class ImportedContract:
    """What a text declares."""

    contract: Contract
    """Tables and columns, with keys and references."""
    rules: tuple[Rule, ...]
    """Every rule, those of keys, references and required columns included, each with its place."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedContract:
    """A contract as a text of some format."""

    text: str
    notes: tuple[Note, ...] = ()
    """What the format has no form for."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a text alone does not say."""

    table: str | None = None
    """The table that a schema of a single record describes; by default, its title or the file's name."""
    dialect: str | None = None
    """The SQL dialect of a script; by default, what its statements look like."""
    known: Mapping[str, Contract] = field(default_factory=dict)
    """The contracts that tables are already declared in, whose types decide where the text leaves them open."""

    def known_table(self, name: str) -> TableSchema | None:
        """Return the table of this name in those contracts."""
        return next((one.tables[name] for one in self.known.values() if name in one.tables), None)


class ContractReader(Protocol):
    """Reads one format."""

    name: str
    """As `--from` takes it: `json-schema`."""
    suffixes: tuple[str, ...]

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text is in this format, by its content."""

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what the text declares.

        Raises:
            ConfigError: it is wrong; the file, the line or JSON pointer, and the key are named.
        """


class ContractWriter(Protocol):
    """Writes one format."""

    name: str
    """As `--to` takes it."""

    def write(
        self, contract: Contract, rules: tuple[Rule, ...], options: Mapping[str, str]
    ) -> ExportedContract:
        """Return the contract as a text; `notes` names whatever the format cannot say."""
