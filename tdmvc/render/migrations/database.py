"""What a database has of an application's migrations, on a terminal."""

from tdmvc.model.live_migrations import AppliedLocation, AppliedStatus, DatabaseMigrations, FoundMigration
from tdmvc.model.migration import Migration
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.page import INDENT, Cell, Page, Paint, names
from tdmvc.render.text import joined
from tdmvc.render.wording import title_of

_MOST_SHOWN = 10
_WORST_FIRST = (
    AppliedStatus.FAILED,
    AppliedStatus.SKIPPED,
    AppliedStatus.PENDING,
    AppliedStatus.UNKNOWN,
    AppliedStatus.REMOVED,
)
_BAD = (AppliedStatus.FAILED, AppliedStatus.SKIPPED)


def add_database(database: DatabaseMigrations, page: Page) -> None:
    """Add for each location what was applied, and list what was not or is not known."""
    bad = any(status in location.counts for location in database.locations for status in _BAD)
    page.verdict("Database", _words(database), page.style.red if bad else page.style.green)
    for location in database.locations:
        page.blank()
        _location(location, page)
    if database.findings:
        page.blank()
        page.findings(database.findings)


def _location(location: AppliedLocation, page: Page) -> None:
    if location.table is None:
        page.headline(visible(location.name), "no migration table")
        page.line(
            "No migration table for this location was found: its migrations were not run, or not by its tool, "
            "or the user may not read it.",
            page.style.yellow,
            indent=INDENT,
        )
        return
    counts = [f"{number(count)} {status}" for status, count in location.counts.items()]
    page.headline(visible(location.name), joined([visible(location.table), *(counts or ["nothing applied"])]))
    page.facts([("at", names(location.heads, 2 * page.width))])
    rows: list[list[Cell]] = []
    hidden = 0
    for status in _WORST_FIRST:
        found = [migration for migration in location.migrations if migration.status is status]
        rows += [_row(migration, page) for migration in found[:_MOST_SHOWN]]
        hidden += max(0, len(found) - _MOST_SHOWN)
    page.rows(rows)
    page.folded(hidden)


def _row(migration: FoundMigration, page: Page) -> list[Cell]:
    title = title_of(Migration(migration.id, migration.name, migration.path))
    return [
        Cell(migration.status.value, _paint(migration.status, page)),
        Cell(visible(migration.id), page.style.bold),
        Cell(visible(title)),
    ]


def _paint(status: AppliedStatus, page: Page) -> Paint:
    return page.style.red if status in _BAD else page.style.yellow


def _words(database: DatabaseMigrations) -> str:
    """Return how many migrations of a database have which status, over all locations."""
    totals = [
        (status, sum(location.counts.get(status, 0) for location in database.locations))
        for status in AppliedStatus
    ]
    words = [f"{number(count)} {status}" for status, count in totals if count]
    lacking = sum(location.table is None for location in database.locations)
    if lacking:
        words.append(f"no migration table for {plural(lacking, 'location')}")
    return joined([visible(database.url), *(words or ["no migrations"])])
