"""What a script has made so far."""

from dataclasses import dataclass, field

from tdmvc.contracts.base import Note
from tdmvc.contracts.ddl.types import KnownTypes
from tdmvc.contracts.tables import TableBuilder
from tdmvc.model.rules import Place
from tdmvc.yaml.node import YamlNode


@dataclass(slots=True)
class Made:
    """What a script has made so far."""

    path: str
    dialect: str
    tables: dict[str, TableBuilder] = field(default_factory=dict)
    types: KnownTypes = field(default_factory=KnownTypes)
    sequences: dict[str, tuple[int, int]] = field(default_factory=dict)
    partitions: set[str] = field(default_factory=set)
    """Tables that are parts of others."""
    labels: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    """What the names of constraints stand for that a table does not keep: table, columns and kind."""
    notes: list[Note] = field(default_factory=list)
    has_rows: bool = False
    """Whether a script changes rows."""

    def label(self, name: str | None, *what: str) -> None:
        """Remember what a constraint with a name is."""
        if name is not None:
            self.labels.setdefault(name, []).append(what)

    def note(self, line: int, message: str) -> None:
        """Report that something has no effect."""
        self.notes.append(Note(Place(self.path, line), message))

    def note_once(self, line: int, what: str, why: str) -> None:
        """Report, at its first place only, that a word which dumps have at every table has no effect."""
        message = f"{what} has no effect: {why}."
        if all(one.message != message for one in self.notes):
            self.note(line, message)

    def node(self, line: int) -> YamlNode:
        """Return a place in the script, in the form that tables are built with."""
        return YamlNode(self.path, line, "", "")

    def table(self, name: str) -> TableBuilder | None:
        """Return a table, in any case where the engine ignores it."""
        found = self.tables.get(name)
        if found is not None or self.dialect == "postgresql":
            return found
        return next((one for key, one in self.tables.items() if key.lower() == name.lower()), None)

    def own_column(self, table: TableBuilder, name: str) -> str:
        """Return the name of a column with the case that its table uses."""
        if name in table.columns or self.dialect == "postgresql":
            return name
        return next((one for one in table.columns if one.lower() == name.lower()), name)
