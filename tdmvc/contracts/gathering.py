"""What the reading of a contract's rules gathers: rules with their places, notes, and faults."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tdmvc.contracts.base import Note
from tdmvc.errors import ConfigError
from tdmvc.model.rules import Place, Rule
from tdmvc.yaml.node import YamlNode


@dataclass(slots=True)
class Gathered:
    """Rules, notes and faults, each in the order of the file."""

    rules: list[Rule] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    faults: list[ConfigError] = field(default_factory=list)

    def note(self, node: YamlNode, message: str) -> None:
        """Report that something has no effect."""
        self.notes.append(Note(place_of(node), message))

    @contextmanager
    def faults_of_one(self) -> Iterator[None]:
        """Keep the fault of one declaration, so that the others are read, too."""
        try:
            yield
        except ConfigError as error:
            self.faults.append(error)

    def each(self, nodes: tuple[YamlNode, ...], read: Callable[[YamlNode], None]) -> None:
        """Read each declaration of a list."""
        for node in nodes:
            with self.faults_of_one():
                read(node)


def unused(node: YamlNode, known: Collection[str], what: str = "") -> Iterator[Note]:
    """Yield a note for each key of a mapping that is not known.

    Args:
        what: what the mapping is about; the name of a table, a column, or `a package`.
    """
    of = f" of {what}" if what else ""
    for key, inner in node.entries():
        if key not in known:
            yield Note(place_of(inner), f"'{key[:80]}'{of} has no effect.")


def place_of(node: YamlNode) -> Place:
    """Return where a node is declared."""
    return Place(node.path, node.line)
