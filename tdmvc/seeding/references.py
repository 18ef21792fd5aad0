"""References that leave the tables of a seed, in the plan, and those that rows break after the load."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from tdmvc.errors import DatabaseError
from tdmvc.model.database_names import TableNames
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.seeding import SeedMode
from tdmvc.model.text import plural
from tdmvc.seeding.plan import KnownDatabase, SeedPlan, TablePlan
from tdmvc.seeding.states import StateToSeed
from tdmvc.sql.quoting import quote_name
from tdmvc.workspace.tables import side_relation
from tdmvc.workspace.workspace import Workspace


def judge_references(
    broken: Sequence[Finding], plan: SeedPlan, location: Location, *, force: bool
) -> list[Finding]:
    """Return what to report of the references that rows break.

    A reference between tables that hold exactly the dataset is broken because the dataset says so.

    Args:
        broken: what `DatabaseTarget.find_broken_references` found.
        force: report also those that the load broke.

    Raises:
        DatabaseError: the load broke references from or to tables outside the dataset.
    """
    loaded = {table.target_name for table in plan.tables} if plan.seeded.mode is SeedMode.REPLACE else set()
    own = [finding for finding in broken if _is_within(finding, loaded)]
    others = [finding for finding in broken if not _is_within(finding, loaded)]
    if others and not force:
        raise DatabaseError(
            f"Loading {plan.seeded.ref} would break {plural(len(others), 'reference')} between its tables and "
            "rows outside it. Nothing was written.",
            where=str(location),
            details=[finding.message for finding in others],
            remedy="seed the datasets that have these rows first, or clear tables that no dataset has with "
            "--truncate-others; --force loads the rows as they are.",
        )
    return [
        *(
            replace(
                finding,
                severity=Severity.WARNING,
                message=f"{finding.message} The dataset itself has these rows.",
            )
            for finding in own
        ),
        *(replace(finding, severity=Severity.WARNING) for finding in others),
    ]


def leaving_references(
    workspace: Workspace,
    state: StateToSeed,
    tables: Sequence[TablePlan],
    known: KnownDatabase,
    *,
    force: bool,
) -> Iterator[Finding]:
    """Yield what a plan says of references to tables that the seed does not load: their rows must be there.

    Args:
        force: load rows that refer to nothing all the same.
    """
    names = TableNames(known.catalog)
    loaded = {name for table in tables for name in (table.name, table.target_name)} | known.taken.keys()
    for table in tables:
        for reference in table.side.schema.references:
            there = names.find_only(reference.table)
            if reference.table in loaded or there in loaded:
                continue
            rows = (
                _referring(workspace, table.side, reference) if there and not known.catalog[there].rows else 0
            )
            if rows:
                yield _refers_to_nothing(table.name, reference, rows, force=force)
            elif reference.table in state.state.pointers:
                yield Finding(
                    "reference-leaves-seed",
                    Severity.INFO,
                    f"{table.name} refers by {', '.join(reference.columns)} to {reference.table}, which is not seeded: "
                    + ("its rows stay as they are." if there else "the database has no such table."),
                    table=table.name,
                    columns=reference.columns,
                )


def _referring(workspace: Workspace, side: TableSide, reference: ForeignKey) -> int:
    """Return how many rows have a reference."""
    is_set = " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in reference.columns)
    query = f"SELECT count(*) FROM {side_relation(side)} WHERE {is_set}"
    ((rows,),) = workspace.engine.cursor().execute(query).fetchall()
    return int(rows)


def _refers_to_nothing(table: str, reference: ForeignKey, rows: int, *, force: bool) -> Finding:
    return Finding(
        "broken-reference",
        Severity.WARNING if force else Severity.ERROR,
        f"{plural(rows, 'row')} of {table} {'refers' if rows == 1 else 'refer'} by {', '.join(reference.columns)} to "
        f"{reference.table}, which is not seeded and has no rows in the database.",
        table=table,
        columns=reference.columns,
        remedy=f"seed {reference.table}, too, or leave {table} out (--exclude {table}); --force loads the rows as they "
        "are.",
        details={"to": reference.table, "rows": rows},
    )


def _is_within(finding: Finding, loaded: Collection[str]) -> bool:
    return finding.table in loaded and finding.details.get("to") in loaded
