"""The result of `check` on a terminal: the verdict, and each finding with its file."""

from dataclasses import replace

from tdmvc.model.finding import CheckReport, Finding, Severity
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import Page
from tdmvc.render.text import joined, short_hash
from tdmvc.render.wording import compared_words, severities


def render(report: CheckReport, options: RenderOptions) -> str:
    """Return the verdict and the findings with their files, worst first, as text that ends in a newline."""
    page = Page(options)
    extent = extent_words(report)
    if not report.datasets:
        page.verdict("Nothing to check", "there are no datasets yet")
    elif report.findings:
        is_wrong = report.has_errors
        paint = page.style.red if is_wrong else page.style.yellow
        page.verdict("Not OK" if is_wrong else "OK", f"{severities(report.findings)} in {extent}", paint)
    else:
        page.verdict("OK", extent, page.style.green)
    page.findings([_with_file(finding) for finding in report.findings])
    return page.text


def extent_words(report: CheckReport) -> str:
    """Return what was checked: `1 dataset, 2 tables, 1 version, 40 rows by 5 rules`."""
    rows = "" if report.rows is None else f"{plural(report.rows, 'row')} by {plural(report.rules, 'rule')}"
    return joined(
        [
            plural(len(report.datasets), "dataset"),
            plural(report.tables, "table"),
            plural(report.versions, "version"),
            rows,
            _remote_words(report),
        ]
    )


def _remote_words(report: CheckReport) -> str:
    if report.remote is None:
        return "nothing new to push" if report.commit else ""
    at = f" of {short_hash(report.commit)}" if report.commit else ""
    how = compared_words(report.compared) or "compared"
    return f"{plural(report.objects, 'object')}{at} on {visible(report.remote)} {how}"


def _with_file(finding: Finding) -> Finding:
    """Return an error with its file in the sentence, in the form that editors open."""
    file, line = finding.details.get("file"), finding.details.get("line")
    if not file or finding.severity is not Severity.ERROR:
        return finding
    place = f"{file}:{line}" if line else str(file)
    return replace(finding, table=None, dataset=None, message=f"{place}: {finding.message}")
