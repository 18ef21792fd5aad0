"""Knows how `migrations` tells on a terminal where the schema stands."""

from collections.abc import Sequence

from tdmvc.model.migration import Migration, MigrationProblem, MigrationState, UnreadableLocation
from tdmvc.render.cells import visible
from tdmvc.render.page import INDENT, Cell, Page, joined, names, short_hash
from tdmvc.render.terminal import number, plural

_MOST_HEADS = 12
_MOST_PROBLEMS = 10


def render_migrations(
    states: Sequence[MigrationState],
    unreadable: Sequence[UnreadableLocation] = (),
    *,
    color: bool,
    width: int,
) -> str:
    """Return each location's heads, count, digest and problems; first those that cannot be understood."""
    page = Page(color=color, width=width)
    if not states and not unreadable:
        page.line("No migrations here")
        return page.text
    count = sum(state.count for state in states)
    problems = sum(len(state.problems) for state in states)
    words = [
        f"in {plural(len(states), 'location')}",
        plural(problems, "problem") if problems else "no problem",
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
    return page.text


def _unreadable(one: UnreadableLocation, page: Page) -> None:
    place = one.location
    page.headline(visible(place.name), joined([visible(place.tool), visible(place.path), "unreadable"]))
    page.line(visible(one.message), page.style.red, indent=INDENT)
    page.facts([("where", visible(one.where)), ("to do", visible(one.remedy))])


def _location(state: MigrationState, page: Page) -> None:
    place = state.location
    page.headline(
        visible(place.name),
        joined([visible(place.tool), visible(place.path) or "the root", plural(state.count, "migration")]),
    )
    page.facts([("digest", short_hash(state.digest))])
    known = {migration.id: migration for migration in state.migrations}
    rows = []
    for head in state.heads[:_MOST_HEADS]:
        migration = known.get(head)
        rows.append(
            [Cell("head  ", page.style.dim), *migration_cells(migration or Migration(head, "", ""), page)]
        )
    page.rows(rows)
    page.folded(len(state.heads) - _MOST_HEADS)
    add_problems(state.problems, page)


def migration_cells(migration: Migration, page: Page) -> list[Cell]:
    """Return a migration as cells of a row: id, name, and what it seems to touch."""
    id_, name = visible(migration.id), visible(migration.name)
    touches = f"seems to touch {names(migration.touches, 40)}" if migration.touches else ""
    return [
        Cell(id_, page.style.bold),
        Cell(name if name not in (id_, id_.rpartition(".")[2]) else ""),
        Cell(touches, page.style.dim),
    ]


def add_problems(problems: Sequence[MigrationProblem], page: Page) -> None:
    """Add what is wrong with a history, a paragraph each."""
    for problem in problems[:_MOST_PROBLEMS]:
        where = f" ({visible(problem.path)})" if problem.path else ""
        text = f"problem {visible(problem.kind)}: {visible(problem.message)}{where}"
        page.line(text, page.style.yellow, indent=INDENT)
    page.folded(len(problems) - _MOST_PROBLEMS)
