"""A contract on a terminal: what each table must keep, rule by rule."""

from tdmvc.model.contract_report import ContractReport
from tdmvc.model.finding import Severity
from tdmvc.model.rules import Query
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.contract.wording import allowance, place_of, short_demand
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import INDENT, Page, Step
from tdmvc.render.terminal import display_width
from tdmvc.render.text import shell_word

_MOST_NOTES = 5


def render(report: ContractReport, options: RenderOptions) -> str:
    """Return the rules by table, each with its id, what it demands, and where it is declared."""
    page = Page(options)
    rules = sum(len(table.rules) for table in report.tables)
    page.verdict(
        visible(report.name),
        f"{plural(len(report.tables), 'table')}, {plural(rules, 'rule')}",
        page.style.bold,
    )
    page.path("contract", report.path)
    for table in report.tables:
        page.blank()
        _table(table, report, page)
    if report.service_levels:
        page.blank()
        page.headline("service levels", "kept by whoever refreshes the rows; no validation reads the clock")
        for level in report.service_levels:
            where = ", ".join(f"{table}.{column}" for table, column in level.columns)
            words = f"{level.property} {level.amount} {level.unit}" + (f" of {where}" if where else "")
            page.line(visible(words), indent=INDENT)
    _notes(report, page)
    if rules and report.has_rows:
        page.next([Step(f"tdmvc validate {shell_word(report.name)}", "check the rows against it")])
    return page.text


def _table(table: TableSchema, report: ContractReport, page: Page) -> None:
    words = f"{plural(len(table.columns), 'column')}, {plural(len(table.rules), 'rule')}"
    page.headline(visible(table.name), words)
    if table.description:
        page.line(visible(" ".join(table.description.split())), page.style.dim, indent=INDENT)
    for rule in table.rules:
        place = ", ".join(part for part in (allowance(rule), place_of(rule, report.path)) if part)
        paint = None if rule.severity is Severity.ERROR else page.style.yellow
        page.line(short_demand(rule), paint, indent=INDENT)
        if isinstance(rule.test, Query):
            page.line(visible(" ".join(rule.test.sql.split())), indent=INDENT * 2)
        name = visible(rule.id)
        room = page.width - 2 * len(INDENT)
        fits = bool(place) and display_width(name) + display_width(place) + 2 <= room
        shown = f"{name}  {place}" if fits else name
        page.line(shown, page.style.dim, indent=INDENT * 2)


def _notes(report: ContractReport, page: Page) -> None:
    if report.notes:
        page.blank()
        page.headline("without effect", plural(len(report.notes), "declaration"))
        for note in report.notes[:_MOST_NOTES]:
            page.line(visible(note), page.style.dim, indent=INDENT)
        page.folded(len(report.notes) - _MOST_NOTES)
