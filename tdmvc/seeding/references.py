"""References that rows break after a load: what the dataset says itself, and what the load did to other tables."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tdmvc.errors import DatabaseError
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.seeding import SeedMode
from tdmvc.model.text import plural
from tdmvc.seeding.plan import SeedPlan


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


def _is_within(finding: Finding, loaded: Collection[str]) -> bool:
    return finding.table in loaded and finding.details.get("to") in loaded
