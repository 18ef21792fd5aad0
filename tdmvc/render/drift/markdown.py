"""Drift as Markdown, for a comment or a job's summary."""

from collections.abc import Collection, Iterator

from tdmvc.model.finding import Finding
from tdmvc.model.migration import Drift, DriftKind, DriftReport, DriftStatus, fails_on
from tdmvc.model.text import plural
from tdmvc.render.drift.wording import drift_verdict, drift_words, location_words, problems_of, worst_first
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, comment, folded, more_below, prose, table
from tdmvc.render.wording import title_of

MARKER = comment("tdmvc-drift")
"""The first line, by which a comment is found and updated."""

_MOST_ROWS = 100
_MOST_DETAILS = 20
_MOST_PENDING = 50


def render(report: DriftReport, options: RenderOptions) -> str:
    """Return a table of datasets, worst first, what is pending below, and what is wrong with the history."""
    drifts, fail_on = report.drifts, options.fail_on
    word, words = drift_verdict(report) if drifts or report.findings else ("In step", "no dataset to compare")
    icon = "✅" if word == "In step" else "⚠️"
    if report.fails_on(fail_on):
        icon = "⛔"
    ordered = worst_first(drifts)
    lines = [MARKER, f"### {icon} {word}", "", prose(f"{words}."), ""]
    if ordered:
        shown = ordered[:_MOST_ROWS]
        lines += table(("dataset", "migrations", "", "why"), [_row(drift, fail_on) for drift in shown])
        lines += more_below(len(ordered) - len(shown))
    out_of_step = [drift for drift in ordered if drift.pending or drift.extra]
    for drift in out_of_step[:_MOST_DETAILS]:
        lines += ["", *_details(drift)]
    for location, problems in problems_of(drifts).items():
        summary = [(f"{plural(len(problems), 'problem')} of migrations {location}", True)]
        items = [_item(prose(p.message), p.path or "") for p in problems[:_MOST_PENDING]]
        lines += ["", *folded(summary, [*items, *more_below(len(problems) - _MOST_PENDING)])]
    if report.findings:
        lines += [
            "",
            *table(
                ("database", "", "why"), [_finding_row(one, fail_on) for one in report.findings[:_MOST_ROWS]]
            ),
        ]
        lines += more_below(len(report.findings) - _MOST_ROWS)
    return "\n".join(lines).rstrip("\n") + "\n"


def _finding_row(finding: Finding, fail_on: Collection[str]) -> tuple[str, ...]:
    place = "/".join(name for name in (finding.dataset, finding.table) if name)
    why = [prose(finding.message), *([f"Fix: {prose(finding.remedy)}"] if finding.remedy else [])]
    level = f"**{finding.severity.value}**" if fails_on(finding, fail_on) else finding.severity.value
    return code(place), f"{level} {code(finding.rule)}", " ".join(why)


def _row(drift: Drift, fail_on: Collection[str]) -> tuple[str, ...]:
    words = drift_words(drift)
    why = [prose(drift.message)]
    if drift.remedy and drift.status is not DriftStatus.IN_STEP:
        why.append(f"Fix: {prose(drift.remedy)}")
    status = f"**{words}**" if drift.fails_on(fail_on) else words
    where = " of the database" if drift.kind is DriftKind.DATASET_IN_DATABASE else ""
    return code(drift.ref), f"{code(drift.location)}{where}", status, " ".join(why)


def _details(drift: Drift) -> list[str]:
    summary = f"{drift.ref}: {drift_words(drift)}, {location_words(drift)}"
    return folded([(summary, True)], list(_moves(drift)))


def _moves(drift: Drift) -> Iterator[str]:
    if drift.touched:
        yield f"May affect {', '.join(map(code, drift.touched))} of {code(drift.dataset)}."
        yield ""
    for migration in drift.pending[:_MOST_PENDING]:
        touches = f", may affect {', '.join(map(code, migration.touches))}" if migration.touches else ""
        title = title_of(migration)
        named = f"{code(migration.id)} {prose(title)}" if title else code(migration.id)
        yield _item(f"pending {named}{touches}", migration.path)
    yield from more_below(len(drift.pending) - _MOST_PENDING)
    for id_ in drift.extra[:_MOST_PENDING]:
        yield f"- not in the schema: {code(id_)}"
    yield from more_below(len(drift.extra) - _MOST_PENDING)


def _item(words: str, path: str) -> str:
    return f"- {words}{f' ({code(path)})' if path else ''}"
