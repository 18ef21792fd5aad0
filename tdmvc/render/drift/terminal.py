"""Drift on a terminal: which datasets fit the schema, and what is pending for the others."""

from collections.abc import Sequence

from tdmvc.model.migration import Drift, DriftKind, DriftReport, DriftStatus
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.drift.wording import drift_verdict, drift_words, location_words, problems_of, worst_first
from tdmvc.render.format import RenderOptions
from tdmvc.render.migrations.terminal import add_migrations, add_problems
from tdmvc.render.page import INDENT, Cell, Page, Paint, Step, names
from tdmvc.render.terminal import pad
from tdmvc.render.text import joined, shell_word

_LABELS = {
    DriftKind.DATASET: ("made for", "schema at"),
    DriftKind.DATABASE: ("database at", "schema at"),
    DriftKind.DATASET_IN_DATABASE: ("made for", "database at"),
}
"""What the heads of both sides are called."""
_MOST_IN_STEP = 12
_MOST_PENDING = 10


def render(report: DriftReport, options: RenderOptions) -> str:
    """Return which datasets fit the schema and which do not, worst first, with what is pending."""
    page, drifts = Page(options), report.drifts
    if not drifts and not report.findings:
        page.line("No dataset to compare with the migrations")
        return page.text
    ordered = worst_first(drifts)
    _drift_verdict(report, page)
    out_of_step = [drift for drift in ordered if drift.status is not DriftStatus.IN_STEP]
    for drift in out_of_step:
        page.blank()
        _drift(drift, page)
    in_step = [drift for drift in ordered if drift.status is DriftStatus.IN_STEP]
    if in_step:
        if out_of_step:
            page.blank()
        _in_step(in_step, page)
    for location, problems in problems_of(drifts).items():
        page.blank()
        page.headline(f"migrations {visible(location)}", plural(len(problems), "problem"))
        add_problems(problems, page)
    if report.findings:
        page.blank()
        page.findings(report.findings)
    page.next(_next_steps(out_of_step))
    return page.text


def _drift_verdict(report: DriftReport, page: Page) -> None:
    word, words = drift_verdict(report)
    page.verdict(word, words, page.style.green if word == "In step" else page.style.red)


def _drift(drift: Drift, page: Page) -> None:
    page.headline(visible(drift.ref), joined([drift_words(drift), location_words(drift)]))
    if drift.message:
        page.line(visible(drift.message), _paint(drift, page), indent=INDENT)
    actual, expected = _LABELS[drift.kind]
    page.facts(
        [
            (pad(actual, len(expected)), _heads(drift.actual_heads, drift.expected_heads, page)),
            (expected, _heads(drift.expected_heads, drift.actual_heads, page)),
            ("extra", names(drift.extra, 2 * page.width)),
            ("hint", f"may affect {names(drift.touched, 2 * page.width)}" if drift.touched else ""),
        ]
    )
    add_migrations("pending  ", page.style.yellow, drift.pending[:_MOST_PENDING], page)
    page.folded(len(drift.pending) - _MOST_PENDING)


def _heads(heads: Sequence[str], others: Sequence[str], page: Page) -> str:
    """Return the heads of one side; of many, only those that the other side lacks are named."""
    own = [head for head in heads if head not in others]
    same = len(heads) - len(own)
    if same == 0 or set(heads) == set(others):
        return names(heads, 2 * page.width)
    shared = f"{plural(same, 'head')} that {'is' if same == 1 else 'are'} the same"
    return f"{names(own, 2 * page.width)}, and {shared}" if own else shared


def _paint(drift: Drift, page: Page) -> Paint:
    is_mild = drift.status in (DriftStatus.EDITED, DriftStatus.AHEAD)
    return page.style.yellow if is_mild else page.style.red


def _in_step(drifts: Sequence[Drift], page: Page) -> None:
    if len(drifts) > _MOST_IN_STEP:
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
    """Return commands for working copies; published versions cannot be changed."""
    steps: dict[str, Step] = {}
    for drift in drifts:
        if drift.ref != drift.dataset or drift.kind is not DriftKind.DATASET:
            continue
        name = shell_word(drift.dataset)
        match drift.status:
            case DriftStatus.BEHIND | DriftStatus.DIVERGED:
                step = Step(f"tdmvc add {name} SOURCE", "add rows with the pending migrations applied")
            case DriftStatus.EDITED | DriftStatus.UNKNOWN:
                step = Step(f"tdmvc add {name}", "record this schema, if the rows fit it")
            case DriftStatus.AHEAD:
                step = Step(f"tdmvc checkout --release RELEASE {name}", "get the rows that fit this schema")
            case _:
                continue
        steps.setdefault(step.command, step)
    return list(steps.values())
