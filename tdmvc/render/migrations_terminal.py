"""Knows how `migrations` and `drift` tell on a terminal where schema and datasets stand."""

from collections.abc import Sequence

from tdmvc.model.migration import Drift, DriftStatus, Migration, MigrationProblem, MigrationState
from tdmvc.render.cells import visible
from tdmvc.render.page import INDENT, Cell, Page, Paint, Step, joined, names, shell_word, short_hash
from tdmvc.render.terminal import number, pad, plural

_LABEL_ROOM = len("schema at")
_MOST_HEADS = 12
_MOST_PENDING = 10
_MOST_PROBLEMS = 10
_WORST_FIRST = (
    DriftStatus.UNREADABLE,
    DriftStatus.UNKNOWN,
    DriftStatus.DIVERGED,
    DriftStatus.BEHIND,
    DriftStatus.EDITED,
    DriftStatus.AHEAD,
    DriftStatus.IN_STEP,
)


def render_migrations(states: Sequence[MigrationState], *, color: bool, width: int) -> str:
    """Return each location's heads, count, digest and problems."""
    page = Page(color=color, width=width)
    if not states:
        page.line("No migrations here")
        return page.text
    count = sum(state.count for state in states)
    problems = sum(len(state.problems) for state in states)
    where = f"in {plural(len(states), 'location')}"
    if problems:
        page.verdict(plural(count, "migration"), f"{where}, {plural(problems, 'problem')}", page.style.yellow)
    else:
        page.verdict(plural(count, "migration"), f"{where}, no problem", page.style.green)
    for state in states:
        page.blank()
        _location(state, page)
    return page.text


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
            [Cell("head  ", page.style.dim), *_migration_cells(migration or Migration(head, "", ""), page)]
        )
    page.rows(rows)
    page.folded(len(state.heads) - _MOST_HEADS)
    _problems(state.problems, page)


def _migration_cells(migration: Migration, page: Page) -> list[Cell]:
    id_, name = visible(migration.id), visible(migration.name)
    touches = f"touches {names(migration.touches, 40)}" if migration.touches else ""
    return [
        Cell(id_, page.style.bold),
        Cell(name if name not in (id_, id_.rpartition(".")[2]) else ""),
        Cell(touches, page.style.dim),
    ]


def _problems(problems: Sequence[MigrationProblem], page: Page) -> None:
    for problem in problems[:_MOST_PROBLEMS]:
        where = f" ({visible(problem.path)})" if problem.path else ""
        text = f"problem {visible(problem.kind)}: {visible(problem.message)}{where}"
        page.line(text, page.style.yellow, indent=INDENT)
    page.folded(len(problems) - _MOST_PROBLEMS)


def render_drift(drifts: Sequence[Drift], *, color: bool, width: int) -> str:
    """Return which datasets fit the schema and which do not, worst first, with what is pending."""
    page = Page(color=color, width=width)
    if not drifts:
        page.line("No dataset to compare with the migrations")
        return page.text
    ordered = sorted(drifts, key=lambda drift: (_WORST_FIRST.index(drift.status), drift.ref, drift.location))
    _drift_verdict(drifts, page)
    out_of_step = [drift for drift in ordered if drift.status is not DriftStatus.IN_STEP]
    for drift in out_of_step:
        page.blank()
        _drift(drift, page)
    in_step = [drift for drift in ordered if drift.status is DriftStatus.IN_STEP]
    if in_step:
        if out_of_step:
            page.blank()
        _in_step(in_step, page)
    page.next(_next_steps(out_of_step))
    return page.text


def _drift_verdict(drifts: Sequence[Drift], page: Page) -> None:
    places = " and ".join(dict.fromkeys(visible(drift.at) for drift in drifts))
    out = len({drift.ref for drift in drifts if drift.status is not DriftStatus.IN_STEP})
    every = len({drift.ref for drift in drifts})
    if out:
        page.verdict(
            "Drift",
            f"{number(out)} of {plural(every, 'dataset')} out of step with the migrations of {places}",
            page.style.red,
        )
    else:
        page.verdict(
            "In step", f"{plural(every, 'dataset')} with the migrations of {places}", page.style.green
        )


def _drift(drift: Drift, page: Page) -> None:
    page.headline(visible(drift.ref), joined([_drift_words(drift), f"migrations {visible(drift.location)}"]))
    if drift.message:
        page.line(visible(drift.message), _paint(drift.status, page), indent=INDENT)
    page.facts(
        [
            (pad("made for", _LABEL_ROOM), names(drift.actual_heads, 2 * page.width)),
            ("schema at", names(drift.expected_heads, 2 * page.width)),
            ("not here", names(drift.extra, 2 * page.width)),
        ]
    )
    rows = [
        [Cell("pending  ", page.style.yellow), *_migration_cells(migration, page)]
        for migration in drift.pending[:_MOST_PENDING]
    ]
    page.rows(rows)
    page.folded(len(drift.pending) - _MOST_PENDING)
    if drift.status is not DriftStatus.UNREADABLE:
        _problems(drift.problems, page)


def _drift_words(drift: Drift) -> str:
    match drift.status:
        case DriftStatus.BEHIND:
            return f"behind {number(len(drift.pending))}"
        case DriftStatus.AHEAD:
            return f"ahead {number(len(drift.extra))}"
        case DriftStatus.DIVERGED:
            return f"diverged: behind {number(len(drift.pending))}, ahead {number(len(drift.extra))}"
    return drift.status.value


def _paint(status: DriftStatus, page: Page) -> Paint:
    return page.style.yellow if status in (DriftStatus.EDITED, DriftStatus.AHEAD) else page.style.red


def _in_step(drifts: Sequence[Drift], page: Page) -> None:
    if len(drifts) > _MOST_HEADS:
        lead = f"{INDENT}in-step{INDENT}"
        page.line(lead + names([drift.ref for drift in drifts], page.width - len(lead)), page.style.green)
        return
    page.rows(
        [
            [
                Cell("in-step", page.style.green),
                Cell(visible(drift.ref)),
                Cell(visible(drift.location)),
                Cell(names(drift.actual_heads, 40), page.style.dim),
                *(
                    [Cell(plural(len(drift.problems), "problem"), page.style.yellow)]
                    if drift.problems
                    else []
                ),
            ]
            for drift in drifts
        ]
    )


def _next_steps(drifts: Sequence[Drift]) -> list[Step]:
    """A version cannot be mended, so only working copies get a command that changes them."""
    steps: dict[str, Step] = {}
    for drift in drifts:
        if drift.ref != drift.dataset:
            continue
        name = shell_word(drift.dataset)
        match drift.status:
            case DriftStatus.BEHIND | DriftStatus.DIVERGED:
                step = Step(f"tdmvc add {name} SOURCE", "with rows that went through what is pending")
            case DriftStatus.EDITED | DriftStatus.UNKNOWN:
                step = Step(f"tdmvc add {name}", "record this schema, if the rows fit it")
            case DriftStatus.AHEAD:
                step = Step(f"tdmvc checkout --release RELEASE {name}", "bring the rows that fit this schema")
            case _:
                continue
        steps.setdefault(step.command, step)
    return list(steps.values())
