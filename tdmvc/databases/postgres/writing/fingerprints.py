"""The fingerprints of the tables of one transaction: each is read once, and kept as long as nothing changes it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.moments import recall_versions
from tdmvc.databases.postgres.writing.numbering import Numbering
from tdmvc.databases.postgres.writing.versions import Versions, count_versions, read_definitions
from tdmvc.model.seeding import SeededDataset

_FEW_CHANGES = 0.1
"""The share of the rows of a table that may change before its statistics are taken again, as autovacuum does it."""


class PostgresFingerprints:
    """What is known of tables."""

    def __init__(self, connection: PostgresConnection, numbering: Numbering) -> None:
        self._connection = connection
        self._numbering = numbering
        self._definitions: Mapping[int, tuple[str, str]] = {}
        self._versions: dict[int, Versions] = {}
        self.states: Mapping[str, SeededDataset] = {}
        """What the database remembers of earlier seeds."""
        self.written: Sequence[Relation] = ()
        """Tables whose fingerprints will be asked for, too."""

    def forget_definitions(self) -> None:
        """Read again what tables declare."""
        self._definitions = {}

    def forget_rows(self) -> None:
        """Read the rows of all tables again."""
        self._versions.clear()

    def take(self, relation: Relation) -> Versions | None:
        """Return what is known of the rows of a table, and forget it, because they change."""
        return self._versions.pop(relation.oid, None)

    def put(self, relation: Relation, versions: Versions) -> None:
        """Remember the rows of a table after a change that was counted."""
        self._versions[relation.oid] = versions

    def are_statistics_good(self, relation: Relation) -> bool:
        """Whether a table was proven to be as it was loaded, and few of its rows were changed since."""
        known = self._versions.get(relation.oid)
        return known is not None and known.changed <= known.rows * _FEW_CHANGES

    def of(self, relation: Relation, others: Callable[[], Iterable[Relation]]) -> tuple[int, str]:
        """Return the row count and the fingerprint of a table.

        Args:
            others: returns tables that will be asked for, too, and whose definitions cost one question together.
        """
        if relation.oid not in self._definitions:
            self._definitions = self._read_definitions({one.oid: one for one in (*others(), relation)})
        definition, sequences = self._definitions[relation.oid]
        beginning = f"{self._connection.info.server_version} {definition} "
        if relation.oid not in self._versions:
            self._versions |= self._read_versions(relation, beginning)
        versions = self._versions[relation.oid]
        return versions.rows, f"{beginning}{versions} {sequences}".rstrip()

    def _read_versions(self, relation: Relation, beginning: str) -> Mapping[int, Versions]:
        """Return the row versions of a table, and of those that were written, too."""
        if recalled := recall_versions(self._connection, self.states.values(), relation, beginning):
            return {relation.oid: recalled}
        asked = {one.oid: one for one in (*self.written, relation) if one.oid not in self._versions}
        return count_versions(self._connection, list(asked.values()))

    def _read_definitions(self, relations: Mapping[int, Relation]) -> Mapping[int, tuple[str, str]]:
        digests = read_definitions(self._connection, list(relations.values()))
        sequences = self._numbering.states(list(relations.values()))
        return {oid: (digests[oid], sequences.get(oid, "")) for oid in relations}
