"""Reads relationships: references of a column or of a table, to names or to ids."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdmvc.contracts.gathering import Gathered
from tdmvc.contracts.odcs.declarations import children, custom_property, read_actions
from tdmvc.errors import did_you_mean
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import Column
from tdmvc.yaml.node import YamlNode

TARGET_PROPERTY = "tdmvcTarget"
"""The custom property of a relationship: the table and columns it means, if no id can be given."""
KEYS = ("id", "type", "from", "to", "customProperties")
_FULL = re.compile(r"/?schema/([^/]+)/properties/([^/]+)(/properties/.+)?")
_ELSEWHERE = "another contract"
_INSIDE = "a part of a column"


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship of the file, and its place in it."""

    table: int
    """The place of its table in `schema`."""
    column: int | None
    """The place of its column in `properties`; None for one at the table."""
    place: int
    """Its place in `relationships`."""
    reference: ForeignKey
    node: YamlNode
    fault: str | None = None
    """What it names that does not exist."""


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table and its columns, by name and by id."""

    name: str
    columns: tuple[Column, ...]
    id: str | None
    ids: dict[str, str]
    """Names of columns by id."""

    def has(self, name: str) -> bool:
        """Whether the table has a column of this name."""
        return any(column.name == name for column in self.columns)


def read_relationships(
    nodes: Sequence[YamlNode], tables: Sequence[NamedTable], gathered: Gathered
) -> Iterator[Relationship]:
    """Yield the references within the contract; those that lead out of it, or into a column, are noted."""
    targets = _Targets(tables)
    for index, (node, table) in enumerate(zip(nodes, tables, strict=True)):
        for column, entry in enumerate(children(node, "properties")):
            for place, relation in enumerate(children(entry, "relationships")):
                own = (table.columns[column].name,)
                with gathered.faults_of_one():
                    _check_keys(relation, is_of_column=True)
                yield from targets.read(relation, (index, column, place), own, gathered)
        for place, relation in enumerate(children(node, "relationships")):
            with gathered.faults_of_one():
                _check_keys(relation, is_of_column=False)
            names = targets.sources(relation, table, gathered)
            if names is not None:
                yield from targets.read(relation, (index, None, place), names, gathered, source=table)


def _check_keys(node: YamlNode, *, is_of_column: bool) -> None:
    for key, value in node.entries():
        if key not in KEYS:
            remedy = did_you_mean(key, KEYS, "write it in customProperties if it is your own.")
            raise value.error(f"The key '{key}' is unknown in a relationship.", remedy=remedy)
        if key == "from" and is_of_column:
            raise value.error(
                "A relationship of a column starts at the column, and has no 'from'.",
                remedy="remove it, or move the relationship to the table.",
            )
        if key == "type" and not value.is_null and value.as_text() != "foreignKey":
            raise value.error(
                f"The type '{value.as_text()[:80]}' of a relationship is unknown.", remedy="write foreignKey."
            )


class _Targets:
    """What relationships can lead to."""

    def __init__(self, tables: Sequence[NamedTable]) -> None:
        self._tables = {table.name: table for table in tables}
        self._ids = {table.id: table.name for table in tables if table.id is not None}

    def read(
        self,
        node: YamlNode,
        place: tuple[int, int | None, int],
        columns: tuple[str, ...],
        gathered: Gathered,
        *,
        source: NamedTable | None = None,
    ) -> Iterator[Relationship]:
        """Yield the relationship, unless it leads to what is not checked."""
        own = custom_property(node, TARGET_PROPERTY)
        if own is not None:
            table, *to = own.as_texts()
            ends: list[tuple[str, str] | str] = [(table, name) for name in to]
        else:
            ends = [self._resolve(text) for text in _ends(node, "to")]
        for outside in (end for end in ends if isinstance(end, str)):
            gathered.note(node, f"The relationship leads to {outside}, and is not checked.")
            return
        names = [end for end in ends if not isinstance(end, str)]
        if (
            not names
            or len(names) != len(columns)
            or len({table for table, _ in names}) != 1
            or not names[0][0]
        ):
            raise node.error(
                "The 'to' of a relationship must name one table and as many columns as its source."
            )
        reference = ForeignKey(columns, names[0][0], tuple(name for _, name in names), read_actions(node))
        yield Relationship(*place, reference, node, self._fault(reference, source))

    def sources(self, node: YamlNode, table: NamedTable, gathered: Gathered) -> tuple[str, ...] | None:
        """Return the columns at which a relationship of a table starts; None if it is noted instead."""
        names = []
        for text in _ends(node, "from"):
            end = self._resolve(text)
            if isinstance(end, str):
                gathered.note(node, f"The relationship starts at {end}, and is not checked.")
                return None
            if end[0] not in ("", table.name):
                with gathered.faults_of_one():
                    raise node.need("from").error(
                        f"The relationship starts at the table '{end[0][:80]}', and stands at '{table.name}'.",
                        remedy="move it to the table where it starts.",
                    )
            names.append(end[1])
        return tuple(names)

    def _resolve(self, text: str) -> tuple[str, str] | str:
        """Return the table and column that a reference names, or what it leads to instead."""
        if "#" in text:
            return _ELSEWHERE
        full = _FULL.fullmatch(text)
        if full is not None:
            if full[3] is not None:
                return _INSIDE
            table = self._ids.get(full[1], full[1])
            columns = self._tables[table].ids if table in self._tables else {}
            return table, columns.get(full[2], full[2])
        dots = [match.start() for match in re.finditer(r"\.", text)]
        for dot in dots:
            known = self._tables.get(text[:dot])
            if known is not None:
                column = text[dot + 1 :]
                heads = (column[: match.start()] for match in re.finditer(r"\.", column))
                is_inside = not known.has(column) and any(known.has(head) for head in heads)
                return _INSIDE if is_inside else (known.name, column)
        return (text[: dots[-1]], text[dots[-1] + 1 :]) if dots else ("", text)

    def _fault(self, reference: ForeignKey, source: NamedTable | None) -> str | None:
        """Return what the reference names that does not exist. A table that the contract lacks is not a fault."""
        for table, names in ((source, reference.columns), (self._tables.get(reference.table), reference.to)):
            for name in names:
                if table is not None and not table.has(name):
                    return f"column '{name}' in the table '{table.name}'"
        return None


def _ends(node: YamlNode, key: str) -> tuple[str, ...]:
    end = node.need(key)
    return end.as_texts() if end.is_list else (end.as_text(),)
