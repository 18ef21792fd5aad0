"""The migrations of each location on a terminal."""

from collections.abc import Sequence

from tdmvc.model.migration import (
    Migration,
    MigrationProblem,
    MigrationsReport,
    MigrationState,
    UnreadableLocation,
)
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.migrations.database import add_database
from tdmvc.render.page import INDENT, Cell, Page, Paint, names
from tdmvc.render.terminal import display_width, fit
from tdmvc.render.text import joined, short_hash
from tdmvc.render.wording import title_of

_MOST_HEADS = 12
_MOST_PROBLEMS = 10


def render(report: MigrationsReport, options: RenderOptions) -> str:
    """Return each location's heads, count, digest and problems; unreadable locations first."""
    page = Page(options)
    states, unreadable = report.locations, report.unreadable
    if not states and not unreadable:
        page.line("No migrations found")
        return page.text
    count = sum(state.count for state in states)
    problems = sum(len(state.problems) for state in states)
    words = [
        f"in {plural(len(states), 'location')}",
        plural(problems, "problem") if problems else "no problems",
    ]
    paint = page.style.yellow if problems else page.style.green
    if unreadable:
        words[1:] = [f"{number(len(unreadable))} more cannot be read", *words[1 : 1 + bool(problems)]]
        paint = page.style.red
    page.verdict(plural(count, "migration"), joined(words), paint)
    for one in unreadable:
        page.blank()
        _unreadable(one, page)
    for state in states:
        page.blank()
        _location(state, page)
    if report.database is not None:
        page.blank()
        add_database(report.database, page)
    return page.text


def _unreadable(one: UnreadableLocation, page: Page) -> None:
    place = one.location
    page.headline(visible(place.name), joined([visible(place.tool), visible(place.path), "unreadable"]))
    page.line(visible(one.message), page.style.red, indent=INDENT)
    page.facts([("where", visible(one.where)), ("fix", visible(one.remedy))])


def _location(state: MigrationState, page: Page) -> None:
    place = state.location
    page.headline(
        visible(place.name),
        joined([visible(place.tool), visible(place.path) or "the root", plural(state.count, "migration")]),
    )
    page.facts([("digest", short_hash(state.digest))])
    known = {migration.id: migration for migration in state.migrations}
    heads = [known.get(head) or Migration(head, "", "") for head in state.heads[:_MOST_HEADS]]
    add_migrations("head  ", page.style.dim, heads, page)
    page.folded(len(state.heads) - _MOST_HEADS)
    add_problems(state.problems, page)


def add_migrations(label: str, paint: Paint, migrations: Sequence[Migration], page: Page) -> None:
    """Add migrations: id, name, and what each may affect, in one line or, if ids are long, in two."""
    is_long = any(display_width(visible(migration.id)) > page.width // 3 for migration in migrations)
    if not is_long:
        rows = [_cells(migration, page) for migration in migrations]
        kept = [column for column in range(3) if any(row[column].text for row in rows)]
        page.rows([[Cell(label, paint), *(row[column] for column in kept)] for row in rows])
        return
    for migration in migrations:
        id_, *others = _cells(migration, page)
        page.rows([[Cell(label, paint), Cell(fit(id_.text, page.width - len(label) - 4), id_.paint)]])
        for cell in others:
            if cell.text:
                page.line(cell.text, cell.paint, indent=" " * (len(label) + 4))


def _cells(migration: Migration, page: Page) -> tuple[Cell, ...]:
    touches = f"may affect {names(migration.touches, 40)}" if migration.touches else ""
    return (
        Cell(visible(migration.id), page.style.bold),
        Cell(visible(title_of(migration))),
        Cell(touches, page.style.dim),
    )


def add_problems(problems: Sequence[MigrationProblem], page: Page) -> None:
    """Add the problems of a history, a paragraph each."""
    for problem in problems[:_MOST_PROBLEMS]:
        where = f" ({visible(problem.place)})" if problem.place else ""
        text = f"problem {visible(problem.kind)}: {visible(problem.message)}{where}"
        page.line(text, page.style.yellow, indent=INDENT)
    page.folded(len(problems) - _MOST_PROBLEMS)
