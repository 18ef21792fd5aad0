"""Drift as GitHub annotations at a dataset's manifest or at a migration."""

from collections.abc import Iterator, Sequence

from tdmvc.model.migration import Drift, DriftReport, DriftStatus
from tdmvc.render.cells import visible
from tdmvc.render.drift.wording import (
    drift_lines,
    drift_verdict,
    drift_words,
    problems_of,
    worst_first,
)
from tdmvc.render.format import RenderOptions
from tdmvc.render.workflow_commands import annotation, log_of


def render(report: DriftReport, options: RenderOptions) -> str:
    """Return lines for the log of a step: an error for what fails, a warning for a problem, else notices."""
    return log_of(_lines(report.drifts, options))


def _lines(drifts: Sequence[Drift], options: RenderOptions) -> Iterator[tuple[str, str]]:
    yield "notice", annotation("notice", "tdmvc drift", "", ": ".join(drift_verdict(drifts)))
    for drift in worst_first(drifts):
        if drift.status is DriftStatus.IN_STEP:
            continue
        level = "error" if drift.fails_on(options.fail_on) else "notice"
        path, line = options.paths(drift.dataset, None), None
        if drift.status is DriftStatus.UNREADABLE and drift.problems:
            path, line = drift.problems[0].path or "", drift.problems[0].line
        title = f"tdmvc drift: {drift.ref} is {drift_words(drift)} (migrations {drift.location})"
        yield level, annotation(level, title, path, "\n".join(drift_lines(drift)), line=line)
    for location, problems in problems_of(drifts).items():
        for problem in problems:
            title = f"tdmvc migrations {location}: {problem.kind}"
            yield (
                "warning",
                annotation("warning", title, problem.path or "", visible(problem.message), line=problem.line),
            )
