"""Which references held after a load, so that the next one checks only what a difference can break."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from tdmvc.model.finding import Finding
from tdmvc.model.seeding import LoadMethod, SeededTable
from tdmvc.seeding.methods import TableMethod


def find_held(methods: Sequence[TableMethod]) -> dict[str, set[str]]:
    """Return by tables those to which their references held before the load, by the names in the database.

    Both tables of each reference are proven to be as they were when it was checked.
    """
    before = {one.plan.target_name: one.before for one in methods if one.before}
    proven = {
        one.plan.target_name
        for one in methods
        if one.before and one.method in (LoadMethod.NOTHING, LoadMethod.DIFFERENCE)
    }
    found = {}
    for one in methods:
        name = one.plan.target_name
        referred = _referred(one, before)
        if name in proven and referred and before[name].references == _digest(name, referred, before):
            found[name] = referred & proven
    return found


def remember_held(
    methods: Sequence[TableMethod],
    tables: Sequence[SeededTable],
    written: Collection[str],
    held: Mapping[str, Collection[str]],
    broken: Iterable[Finding],
) -> list[SeededTable]:
    """Return what the database is to remember of the tables of a load, with the references that hold now.

    Args:
        tables: what it is to remember otherwise.
        written: the tables, by their names in the database, whose references were checked.
        held: what `find_held` returned.
        broken: the references that rows break.
    """
    breaking = {finding.table for finding in broken}
    remembered = {one.plan.target_name: table for one, table in zip(methods, tables, strict=True)}
    for one in methods:
        name = one.plan.target_name
        referred = _referred(one, remembered)
        known = (name in written or to in written or to in held.get(name, ()) for to in referred)
        references = _digest(name, referred, remembered) if name not in breaking and all(known) else ""
        remembered[name] = replace(remembered[name], references=references)
    return list(remembered.values())


def _referred(one: TableMethod, tables: Mapping[str, SeededTable]) -> set[str]:
    """Return those of some tables to which a table refers."""
    target = one.plan.target
    return (
        {reference.table for reference in target.schema.references if reference.table in tables}
        if target
        else set()
    )


def _digest(name: str, referred: Collection[str], tables: Mapping[str, SeededTable]) -> str:
    """Return a text for the rows of a table and those that it refers to; empty if it refers to none."""
    if not referred:
        return ""
    said = [(one, tables[one].rows, tables[one].fingerprint) for one in (name, *sorted(referred))]
    return hashlib.blake2b(repr(said).encode(), digest_size=10).hexdigest()
