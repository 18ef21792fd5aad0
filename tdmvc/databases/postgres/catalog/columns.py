"""What PostgreSQL declares about a column: default, identity, generation and collation."""

from collections.abc import Callable
from dataclasses import dataclass

from tdmvc.databases.postgres.catalog.types import DIALECT, ColumnForm
from tdmvc.model.declarations import Collation, Generated, Identity
from tdmvc.model.schema import Column
from tdmvc.sql.postgres_defaults import read_default
from tdmvc.sql.tokens import unwrapped


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A row of pg_attribute."""

    name: str
    place: int
    type: int
    modifier: int
    declared: str
    is_required: bool
    identity: str
    """`a` always, `d` by default, empty for none."""
    generated: str
    """`s` stored, `v` virtual, empty for none."""
    expression: str | None
    """The default, or what the column is computed from."""
    comment: str | None
    collation: str | None
    """If it is not the type's own, as SQL names it."""


@dataclass(frozen=True, slots=True)
class SequenceFacts:
    """A sequence that gives a column its numbers."""

    schema: str
    name: str
    start: int
    increment: int
    lowest: int
    highest: int
    is_cycle: bool
    cache: int
    qualified: str
    quoted: str
    last: int | None
    """The last number that it gave; None if it gave none, or the user may not see it."""
    type: str
    """`bigint`"""
    is_owned: bool
    """Whether a column owns it, with which it is dropped."""

    @property
    def identity_calls(self) -> frozenset[str]:
        """The defaults that ask it for a number and nothing else."""
        return frozenset(
            f"nextval('{name.replace(chr(39), chr(39) * 2)}'::regclass)"
            for name in (self.qualified, self.quoted)
        )


def declared_column(
    facts: ColumnFacts,
    form: ColumnForm,
    sequence: SequenceFacts | None,
    own_name: Callable[[str, str], str],
) -> tuple[Column, list[str]]:
    """Return a column with what the catalog says about it alone, and what of that no field keeps.

    Args:
        own_name: returns the name in a dataset of an object in a schema.
    """
    notes: list[str] = []
    generated = default = identity = None
    if facts.generated:
        generated = Generated(unwrapped(facts.expression or ""), facts.generated == "s", DIALECT)
    elif facts.identity and sequence is not None:
        identity = _identity(sequence, is_always=facts.identity == "a")
        notes += _sequence_notes(sequence)
    elif facts.expression is not None:
        if sequence is not None and facts.expression in sequence.identity_calls:
            identity = _identity(sequence, name=own_name(sequence.schema, sequence.name))
            notes += [*_sequence_notes(sequence), *_ownership_notes(sequence, facts.declared)]
        else:
            default = read_default(facts.expression, form.type)
    column = Column(
        facts.name,
        form.type,
        form.physical_type,
        facts.is_required,
        default=default,
        generated=generated,
        identity=identity,
        collation=Collation(facts.collation, DIALECT) if facts.collation is not None else None,
        description=facts.comment,
    )
    return column, notes


def _identity(sequence: SequenceFacts, *, is_always: bool = False, name: str | None = None) -> Identity:
    usual = 1 if sequence.increment > 0 else -1
    return Identity(
        is_always,
        sequence.start if sequence.start != usual else None,
        sequence.increment if sequence.increment != 1 else None,
        name,
    )


def _sequence_notes(sequence: SequenceFacts) -> list[str]:
    usual = {2**15 - 1, 2**31 - 1, 2**63 - 1}
    is_bounded = sequence.increment > 0 and (sequence.lowest != 1 or sequence.highest not in usual)
    notes = [f"bounds of the sequence {sequence.name}"] if is_bounded else []
    notes += [f"CYCLE of the sequence {sequence.name}"] if sequence.is_cycle else []
    notes += [f"CACHE of the sequence {sequence.name}"] if sequence.cache != 1 else []
    return [f"not kept: {note}" for note in notes]


def _ownership_notes(sequence: SequenceFacts, type_: str) -> list[str]:
    """Return what a copy of a sequence with a name of its own does not keep: the column's type is its type there."""
    notes = (
        []
        if sequence.is_owned
        else [f"the sequence {sequence.name} belongs to no column; that of a copy does"]
    )
    copied = type_ if type_ in ("smallint", "integer") else "bigint"
    if sequence.type != copied:
        notes.append(
            f"the sequence {sequence.name} is of the type {sequence.type}; that of a copy is {copied}"
        )
    return notes
