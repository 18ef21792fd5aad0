"""The results of `run`, `up`, `down`, `reset` and `env` on a terminal."""

import shlex
from collections.abc import Sequence

from tdmvc.model.environment_report import (
    DeclaredEnvironment,
    DownReport,
    EnvironmentList,
    EnvironmentReset,
    KeptEnvironment,
    ListedTemplate,
    RunReport,
    ShownEnvironment,
    TemplatesReport,
    UpReport,
    UpStatus,
)
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.environments.wording import (
    kept_facts,
    reset_words,
    run_words,
    seconds_text,
    step_line,
)
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, Cell, Page, Step
from tdmvc.render.text import joined, size

_UP = {
    UpStatus.STARTED: "is up",
    UpStatus.RUNNING: "is already up",
    UpStatus.OUTDATED: "is already up, but outdated",
    UpStatus.RENEWED: "was renewed",
}
_CHANGED = {"schema": "the migrations, or what else the schema depends on", "rows": "the datasets"}


def render_run(report: RunReport, options: RenderOptions) -> str:
    """Return how a run ended, with its steps."""
    page = Page(options)
    paint = page.style.green if report.is_fine else page.style.red
    page.verdict(
        "Run" if report.is_fine else "Failed", f"{run_words(report)} · {seconds_text(report.seconds)}", paint
    )
    for step in report.steps:
        page.line(step_line(step, page.style), indent=INDENT)
    page.notes(report.notes)
    if report.kept is not None:
        page.blank()
        _goes_on(page, report.kept)
    return page.text


def kept_text(kept: KeptEnvironment, options: RenderOptions) -> str:
    """Return how to use and to stop an environment that keeps running after its run."""
    page = Page(options)
    _goes_on(page, kept)
    return page.text


def render_up(report: UpReport, options: RenderOptions) -> str:
    """Return what `up` found or did."""
    page = Page(options)
    is_old = report.status is UpStatus.OUTDATED
    time = f" · {seconds_text(sum(step.seconds for step in report.steps))}" if report.steps else ""
    page.verdict(
        f"{visible(report.kept.name)} {_UP[report.status]}",
        time.removeprefix(" · "),
        page.style.yellow if is_old else page.style.green,
    )
    page.facts(kept_facts(report.kept))
    if is_old:
        page.notes(
            [f"Since it was started, {' and '.join(_CHANGED[one] for one in report.changed)} changed."]
        )
    steps = (
        [Step(f"tdmvc up {report.kept.environment} --renew", "restart it with what has changed")]
        if is_old
        else []
    )
    _next(page, report.kept, steps)
    return page.text


def render_down(report: DownReport, options: RenderOptions) -> str:
    """Return what `down` stopped."""
    page = Page(options)
    if report.stopped:
        page.verdict("Stopped", ", ".join(map(visible, report.stopped)), page.style.green)
    if report.cleaned:
        page.verdict(
            "Cleaned up", f"{', '.join(map(visible, report.cleaned))}, whose process had been killed"
        )
    if not (report.stopped or report.cleaned):
        page.verdict("Nothing to stop", "no environment is running")
    return page.text


def render_reset(reset: EnvironmentReset, options: RenderOptions) -> str:
    """Return how a database was reset."""
    page = Page(options)
    report = reset.report
    page.verdict(
        f"Reset {visible(reset.name)}",
        f"{report.method.value}, {seconds_text(report.seconds)}",
        page.style.green,
    )
    page.facts(
        [("database", visible(reset.database)), ("how", reset_words(report)), ("why", visible(report.why))]
    )
    return page.text


def render_list(listed: EnvironmentList, options: RenderOptions) -> str:
    """Return the environments, those that run with how to reach them."""
    page = Page(options)
    page.verdict(plural(len(listed.environments), "environment"), "")
    page.rows([_declared(one, page) for one in listed.environments])
    for kept in [*(kept for one in listed.environments for kept in one.running), *listed.others]:
        page.blank()
        page.headline(visible(kept.name), "is up")
        page.facts(kept_facts(kept))
    return page.text


def _declared(one: DeclaredEnvironment, page: Page) -> Sequence[Cell]:
    datasets = (
        "golden and reference datasets" if one.datasets is None else ", ".join(one.datasets) or "no datasets"
    )
    return (
        Cell(visible(one.name), page.style.bold),
        Cell("up" if one.running else "not running", page.style.green if one.running else page.style.dim),
        Cell(visible(one.database)),
        Cell(visible(datasets), page.style.dim),
    )


def render_templates(report: TemplatesReport, options: RenderOptions) -> str:
    """Return the templates, and which of them were or would be removed."""
    page = Page(options)
    old = [template for template in report.templates if template.is_old]
    removed = [template for template in report.templates if template.is_removed]
    if report.is_applied:
        page.verdict("Removed", joined([plural(len(removed), "template"), size(report.removed_bytes)]))
    else:
        page.verdict(
            plural(len(report.templates), "template"),
            joined(
                [
                    size(report.size_bytes),
                    f"{plural(len(old), 'template')} not used for {report.grace_days:g} days",
                ]
            ),
        )
    page.rows([_template(one, page) for one in report.templates], right_aligned=frozenset({1}))
    page.notes(report.notes)
    if old and not report.is_applied:
        page.next([Step("tdmvc gc --templates --apply", f"remove {size(report.old_bytes)}")])
    elif report.templates and not report.is_applied:
        page.next([Step("tdmvc gc --templates --grace 0 --apply", "remove them all")])
    return page.text


def _template(one: ListedTemplate, page: Page) -> Sequence[Cell]:
    state = "removed" if one.is_removed else "old" if one.is_old else ""
    return (
        Cell(one.name),
        Cell(size(one.size_bytes)),
        Cell(visible(one.engine), page.style.dim),
        Cell(one.used_at[:10], page.style.dim),
        Cell(state.ljust(7), page.style.yellow),
        Cell(visible(one.label)),
    )


def render_shown(shown: ShownEnvironment, options: RenderOptions) -> str:
    """Return an environment that runs; or lines for a shell that set its variables, passwords among them."""
    if shown.exports is not None:
        return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in shown.exports.items())
    page, kept = Page(options), shown.kept
    page.verdict(f"{visible(kept.name)} is up", "", page.style.green)
    page.facts([*kept_facts(kept), ("variables", ", ".join(map(visible, kept.exports)))])
    _next(page, kept, [])
    return page.text


def _goes_on(page: Page, kept: KeptEnvironment) -> None:
    page.headline(visible(kept.name), "keeps running")
    page.facts(kept_facts(kept))
    _next(page, kept, [])


def _next(page: Page, kept: KeptEnvironment, first: list[Step]) -> None:
    page.next(
        [
            *first,
            Step(f'eval "$(tdmvc env show {kept.name} --exports)"', "set its variables in this shell"),
            Step(f"tdmvc reset {kept.name}", "back to the seeded state"),
            Step(f"tdmvc down {kept.name}", "stop and remove it"),
        ]
    )
