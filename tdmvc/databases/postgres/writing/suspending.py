"""Keeps triggers, rules and references of tables from acting during a load, and puts them back as they were.

A role that may set `session_replication_role` turns most of them off for its session alone. Otherwise the owner of a
table disables its triggers and rules, and drops its references and declares them again: all inside the transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tdmvc.databases.postgres.catalog.relations import PARTITION_TREE, Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.locking import naming_holders
from tdmvc.errors import DatabaseError, format_names
from tdmvc.sql.quoting import quote_name, quote_text

_TRIGGERS = f"""
WITH {PARTITION_TREE}
SELECT 'TRIGGER', quote_ident(n.nspname) || '.' || quote_ident(c.relname), g.tgname::text, g.tgenabled::text,
    pg_has_role(c.relowner, 'USAGE')
FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
WHERE g.tgenabled::text = ANY (%(firing)s)
UNION ALL
SELECT 'RULE', quote_ident(n.nspname) || '.' || quote_ident(c.relname), r.rulename::text, r.ev_enabled::text,
    pg_has_role(c.relowner, 'USAGE')
FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_rewrite r ON r.ev_class = t.oid AND r.rulename <> '_RETURN'
WHERE r.ev_enabled::text = ANY (%(firing)s)
ORDER BY 2, 1, 3
"""
_REFERENCES = f"""
WITH {PARTITION_TREE}
SELECT k.oid::bigint, quote_ident(n.nspname) || '.' || quote_ident(c.relname), k.conname::text,
    pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint'), pg_has_role(c.relowner, 'USAGE'),
    k.conrelid IN (SELECT oid FROM tree), k.confdeltype::text IN ('c', 'n', 'd'), k.condeferrable
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
    AND (k.conrelid IN (SELECT oid FROM tree) OR k.confrelid IN (SELECT oid FROM tree))
ORDER BY 2, 3
"""
_ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}
_NOTHING = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class _Switched:
    """A trigger or a rule that was disabled."""

    noun: str
    table: str
    name: str
    state: str

    def statement(self, verb: str) -> str:
        return f"ALTER TABLE ONLY {self.table} {verb} {self.noun} {quote_name(self.name)}"


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference that was dropped."""

    table: str
    name: str
    definition: str
    comment: str | None


class Suspension:
    """What is kept from acting during a load."""

    def __init__(self, connection: PostgresConnection, where: str) -> None:
        self._connection = connection
        self._where = where
        self._is_replica = False
        self._suspended: set[int] = set()
        self._switched: list[_Switched] = []
        self._dropped: dict[int, _Reference] = {}
        self.are_references_off = True
        """Whether no reference acts or is checked, of all tables that were suspended."""
        self.declared: set[tuple[str, str]] = set()
        """References that were declared again, which the server checked if they are valid: the table as SQL, and the
        name."""

    def begin(self) -> None:
        """Turn off what can be turned off for the session alone."""
        try:
            with self._connection.transaction():
                self._connection.execute("SET LOCAL session_replication_role = replica")
        except self._connection.DatabaseError as error:
            # Without the right to set it, or as what some hosted servers answer.
            if error.sqlstate not in ("42501", "22023", "55P02"):
                raise
        else:
            self._is_replica = True

    def suspend(self, relations: Iterable[Relation]) -> None:
        """Make sure that nothing acts on tables until `resume`.

        Raises:
            DatabaseError: the user may not disable a trigger, or another session holds a lock.
        """
        new = [relation for relation in relations if relation.oid not in self._suspended]
        if not new:
            return
        self._suspended.update(relation.oid for relation in new)
        with naming_holders(self._connection, self._where, new, also_readers=True):
            self._disable(new)
            if not self._is_replica:
                self._drop_references(new)

    def _disable(self, relations: Sequence[Relation]) -> None:
        firing = ["A", "R"] if self._is_replica else ["A", "O"]
        oids = [relation.oid for relation in relations]
        rows = self._connection.execute(_TRIGGERS, {"oids": oids, "firing": firing}).fetchall()
        if foreign := [
            f"{noun.lower()} {name} of {table}" for noun, table, name, _, owns in rows if not owns
        ]:
            user = self._connection.info.user
            raise DatabaseError(
                f"The user {user} may not disable what would change the rows: {format_names(foreign)}. {_NOTHING}",
                where=self._where,
                remedy="connect as the owner of the tables, or as a superuser; or from PostgreSQL 15 on, let an "
                f"administrator run: GRANT SET ON PARAMETER session_replication_role TO {user}.",
            )
        for noun, table, name, state, _ in rows:
            switched = _Switched(noun, table, name, state)
            self._connection.execute(switched.statement("DISABLE"))
            self._switched.append(switched)

    def _drop_references(self, relations: Sequence[Relation]) -> None:
        oids = [relation.oid for relation in relations]
        for row in self._connection.execute(_REFERENCES, {"oids": oids}).fetchall():
            oid, table, name, definition, comment, owns, is_from_here, acts, is_deferrable = row
            if oid in self._dropped:
                continue
            if owns:
                reference = _Reference(table, name, definition, comment)
                self._connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quote_name(name)}")
                self._dropped[oid] = reference
                continue
            self.are_references_off = False
            if acts and not is_from_here:
                raise DatabaseError(
                    f"Clearing a table would change rows of {table}, because of its reference {name}. {_NOTHING}",
                    where=self._where,
                    remedy=f"connect as the owner of {table}, who may drop the reference for the load.",
                )
            if is_deferrable:
                self._connection.execute("SET CONSTRAINTS ALL DEFERRED")

    def resume(self) -> None:
        """Put everything back as it was.

        Raises:
            DatabaseError: rows break a reference that was dropped.
        """
        for switched in reversed(self._switched):
            self._connection.execute(switched.statement(_ENABLE[switched.state]))
        for reference in self._dropped.values():
            self._declare(reference)
        self._switched.clear()
        self._dropped.clear()
        self._suspended.clear()

    def _declare(self, reference: _Reference) -> None:
        name = quote_name(reference.name)
        try:
            with self._connection.transaction():
                self._connection.execute(
                    f"ALTER TABLE {reference.table} ADD CONSTRAINT {name} {reference.definition}"
                )
        except self._connection.IntegrityError:
            raise DatabaseError(
                f"The rows of {reference.table} break its reference {reference.name}, which has to be declared "
                f"again after the load. {_NOTHING}",
                where=self._where,
                remedy="add the rows that are referred to, or connect as a superuser, who can load rows as they are.",
            ) from None
        self.declared.add((reference.table, reference.name))
        if reference.comment is not None:
            self._connection.execute(
                f"COMMENT ON CONSTRAINT {name} ON {reference.table} IS {quote_text(reference.comment)}"
            )
