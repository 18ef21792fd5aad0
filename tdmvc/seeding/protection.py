"""What keeps a database from being seeded: a name that says production, rows that would be lost or do not fit."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.databases.base import TargetTable
from tdmvc.errors import DatabaseError, format_names
from tdmvc.model.database_names import TableNames
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location, PathLocation
from tdmvc.model.seeding import SeededDataset, SeedMode
from tdmvc.model.text import plural
from tdmvc.seeding.columns import MIGRATE
from tdmvc.seeding.plan import OTHER_MIGRATIONS, SeedPlan

_PRODUCTION = frozenset({"prod", "production", "prd", "live"})
_NOT = frozenset({"non", "not", "no", "pre"})
_MOST_PROBLEMS = 50
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class SeedRefusal:
    """Why a database is not seeded without --force."""

    what: str
    lost: tuple[TargetTable, ...] = ()
    """Tables whose rows would be lost."""

    @property
    def losses(self) -> list[str]:
        return [f"{table.name} ({plural(table.rows, 'row')})" for table in self.lost]

    def __str__(self) -> str:
        return self.what.rstrip(".") + f": {format_names(self.losses, 12)}." if self.lost else self.what


def says_production(text: str) -> bool:
    """Return whether a name has a word for production: `shop_prod`, `db1.live.example.com`, not `pre-production`."""
    words = [word.lower() for word in _WORD.findall(text)]
    return any(
        word in _PRODUCTION and (not index or words[index - 1] not in _NOT)
        for index, word in enumerate(words)
    )


def refuse_name(location: Location) -> SeedRefusal | None:
    """Return why a database looks like production, by what its address says."""
    if isinstance(location, PathLocation):
        named = {"file": location.path.name}
    else:
        hosts = [location.host, *(value for name, value in location.query if name == "host")]
        named = {"database": location.database, "host": ", ".join(host for host in hosts if host)}
        named["service"] = ", ".join(value for name, value in location.query if name == "service")
    return refuse_names(named)


def refuse_names(named: Mapping[str, str]) -> SeedRefusal | None:
    """Return why a database looks like production.

    Args:
        named: what it is called, by the kind of the name.
    """
    for kind, name in named.items():
        if says_production(name):
            return SeedRefusal(f"The name of the {kind} says that it is production: {name}.")
    return None


def refuse_recorded(recorded: Collection[str], datasets: Collection[str]) -> SeedRefusal | None:
    """Return why a database looks like production, by what was seeded into it before.

    Args:
        recorded: the datasets that were.
        datasets: those that are seeded now, whose own names do not count.
    """
    for name in sorted(recorded):
        if name not in datasets and says_production(name):
            return SeedRefusal(
                f"The database holds the dataset {name}, whose name says that it is production."
            )
    return None


def refuse_loss(
    plans: Sequence[SeedPlan], catalog: Mapping[str, TargetTable], recorded: Mapping[str, SeededDataset]
) -> SeedRefusal | None:
    """Return which rows that tdmvc did not load would be deleted.

    Rows of a table that tdmvc loaded are its own, even if tests changed them since; rows that an
    upsert or an append found in a table are not.
    """
    own = _own_tables(catalog, recorded)
    deleted: dict[str, TargetTable] = {}
    for plan in plans:
        deleted |= {table.name: table for table in plan.others}
        if plan.seeded.mode is SeedMode.REPLACE:
            deleted |= {table.target.name: table.target for table in plan.tables if table.target}
    lost = tuple(table for name, table in sorted(deleted.items()) if table.rows and name not in own)
    if not lost:
        return None
    total = plural(sum(table.rows for table in lost), "row")
    return SeedRefusal(
        f"The database has rows that tdmvc did not load. Seeding it would delete {total}.", lost
    )


def _own_tables(catalog: Mapping[str, TargetTable], recorded: Mapping[str, SeededDataset]) -> set[str]:
    """Return the tables of the database whose rows tdmvc loaded."""
    names = TableNames(catalog)
    loaded = {table.name for one in recorded.values() for table in one.tables if table.is_exact}
    return {found for name in loaded if (found := names.find_only(name)) is not None}


def refuse(refusals: Iterable[SeedRefusal], location: Location) -> None:
    """Raise with all reasons for which a database is not seeded without --force.

    Raises:
        DatabaseError: there are any.
    """
    found = list(refusals)
    if not found:
        return
    losses = [loss for refusal in found for loss in refusal.losses]
    raise DatabaseError(
        " ".join(refusal.what for refusal in found) + " Nothing was written.",
        where=str(location) + (f": {format_names(losses, 12)}" if losses else ""),
        remedy="check that this is the database you mean. If it is"
        + (", and these rows may be lost" if losses else "")
        + ", run the command again with --force.",
    )


def cannot_take(errors: Sequence[tuple[SeedPlan, Finding]], location: Location) -> DatabaseError:
    """Return one error for rows that a database cannot take, with all problems, and each remedy once."""
    details = [f"{plan.seeded.ref}: {finding.message}" for plan, finding in errors[:_MOST_PROBLEMS]]
    if len(errors) > _MOST_PROBLEMS:
        details.append(f"… and {len(errors) - _MOST_PROBLEMS} more")
    found = [finding for _, finding in errors]
    known = {MIGRATE} if any(one.rule == OTHER_MIGRATIONS for one in found) else set()
    remedies = dict.fromkeys(
        one.remedy.rstrip(".") for one in found if one.remedy and one.remedy not in known
    )
    return DatabaseError(
        f"The database cannot take the rows: {plural(len(errors), 'problem')}. Nothing was written.",
        where=str(location),
        remedy=". Also: ".join(list(remedies)[:4]) + "." if remedies else "",
        details=details,
    )
