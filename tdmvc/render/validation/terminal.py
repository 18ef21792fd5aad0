"""A validation on a terminal: the verdict, the tables, the rules that are not kept with their first rows, what next."""

import re
from collections.abc import Iterator, Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.masking import MASK
from tdmvc.model.rule_words import demand_words, measured_words, row_words
from tdmvc.model.text import number, plural
from tdmvc.model.validation import NULL, RuleResult, RuleVerdict, TableValidation, ValidationReport
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import Cell, Page, Step
from tdmvc.render.text import shell_word
from tdmvc.render.validation.wording import more_rows, table_words, verdict_words
from tdmvc.sql.quoting import quote_name, quote_text

_MOST_RULES = 20
_MOST_ROWS = 3
_MOST_TABLES = 20
_MOST_NOTES = 3
_PLAIN = re.compile("[a-z_][a-z0-9_]*")
_CALM = re.compile(r"[\w \t'(),.:=*@+/<>-]*", re.ASCII)
"""What means itself between double quotes in a shell."""


def render(reports: Sequence[ValidationReport], options: RenderOptions) -> str:
    """Return the reports as text that ends in a newline."""
    page = Page(options)
    failures = [one for report in reports for one in report.failures]
    if any(one.severity is Severity.ERROR for one in failures):
        page.verdict("Not valid", verdict_words(reports), page.style.red)
    elif not any(report.results for report in reports):
        page.verdict("Nothing to validate", "there are no rules", page.style.yellow)
    else:
        page.verdict("Valid", verdict_words(reports), page.style.yellow if failures else page.style.green)
    for report in reports:
        page.blank()
        _report(page, report)
    page.next([step for report in reports for step in _steps(report)])
    return page.text


def _report(page: Page, report: ValidationReport) -> None:
    page.headline(visible(report.subject), f"against {visible(report.contract)}")
    tables = sorted(report.tables, key=lambda table: all(one.severity is None for one in table.results))
    page.rows([_table_cells(page, table) for table in tables[:_MOST_TABLES]], right_aligned=frozenset({1}))
    page.folded(len(tables) - _MOST_TABLES)
    for result in report.failures[:_MOST_RULES]:
        _failure(page, result)
    hidden = len(report.failures) - _MOST_RULES
    if hidden > 0:
        page.blank()
        page.line(f"… and {plural(hidden, 'more rule')} not kept; see --format html.", page.style.dim)
    notes = list(_notes(report))
    if notes:
        page.blank()
        page.notes(notes)


def _table_cells(page: Page, table: TableValidation) -> list[Cell]:
    fails = [one.severity for one in table.results if one.severity is not None]
    paint = page.style.red if Severity.ERROR in fails else page.style.yellow if fails else page.style.green
    known = f"{plural(table.known_parts, 'part')} unchanged" if table.known_parts else ""
    return [
        Cell(visible(table.table)),
        Cell(plural(table.rows, "row ", many="rows")),
        Cell(table_words(table), paint),
        Cell(known, page.style.dim),
    ]


def _failure(page: Page, result: RuleResult) -> None:
    is_error = result.severity is Severity.ERROR
    paint = page.style.red if is_error else page.style.yellow
    word = result.severity.value if result.severity else ""
    page.blank()
    page.line(f"{word} {visible(result.rule.id)}: {visible(measured_words(result))}", paint)
    place = f" ({result.rule.place})" if result.rule.place else ""
    if not result.examples:
        page.line(visible(f"{demand_words(result.rule)}{place}"), indent="  ")
        return
    for row in result.examples[:_MOST_ROWS]:
        page.line(visible(f"{row_words(result.rule, row)}{place}"), indent="  ")
    left = more_rows(result) + max(len(result.examples) - _MOST_ROWS, 0)
    if left:
        page.line(f"… and {plural(left, 'more row')}", page.style.dim, indent="  ")


def _notes(report: ValidationReport) -> Iterator[str]:
    if report.undeclared:
        names = ", ".join(report.undeclared[:5]) + (" …" if len(report.undeclared) > 5 else "")
        rows = "its rows" if len(report.undeclared) == 1 else "their rows"
        yield f"The contract does not declare {names}, so no rule was evaluated on {rows}."
    if report.notes:
        hidden = len(report.notes) - _MOST_NOTES
        more = f" … and {number(hidden)} more (--format json lists all)" if hidden > 0 else ""
        what = plural(
            len(report.notes), "declaration of the contract has", many="declarations of the contract have"
        )
        yield f"{what} no effect on rows: {'; '.join(report.notes[:_MOST_NOTES])}{more}"
    if report.files:
        yield f"Failing rows were written to {', '.join(report.files)}."


def _steps(report: ValidationReport) -> Iterator[Step]:
    """Yield commands that show the failing rows."""
    if not report.results and report.at is not None and report.chosen_contract is None:
        yield Step(f"tdmvc contract infer {shell_word(report.at)}", "propose rules that all rows keep")
    shown: set[str] = set()
    for result in report.failures:
        query = rows_query(result)
        if report.at is not None and query is not None and result.rule.table not in shown and len(shown) < 2:
            shown.add(result.rule.table)
            at = f" --at {shell_word(report.at)}"
            yield Step(f"tdmvc sql {_quoted(query)}{at}", "the failing rows")
    has_rows = any(one.failing and one.verdict is RuleVerdict.FAILED for one in report.failures)
    if has_rows and not report.files and report.at is not None:
        other = f" --contract {shell_word(report.chosen_contract)}" if report.chosen_contract else ""
        command = f"tdmvc validate {shell_word(report.at)}{other} --rows failing"
        yield Step(command, "write all of them as Parquet")


def rows_query(result: RuleResult) -> str | None:
    """Return a query for the first rows that break a rule; None if their key is not known or not shown."""
    # Rows of a repeated key have one key.
    keys = list({tuple(row.key.items()): row.key for row in result.examples[:_MOST_ROWS]}.values())
    if not keys or set(keys[0]) == {"row"} or any({MASK, NULL} & set(key.values()) for key in keys):
        return None
    names = [_name(name) for name in keys[0]]
    values = [[quote_text(text) for text in key.values()] for key in keys]
    if len(keys) == 1:
        condition = " and ".join(f"{name} = {text}" for name, text in zip(names, values[0], strict=True))
    elif len(names) == 1:
        condition = f"{names[0]} in ({', '.join(text for [text] in values)})"
    else:
        rows = ", ".join(f"({', '.join(row)})" for row in values)
        condition = f"({', '.join(names)}) in ({rows})"
    return f"select * from {_name(result.rule.table)} where {condition}"


def _quoted(query: str) -> str:
    """Return a query as one word of a shell, in the quotes that read best."""
    if "'" in query and _CALM.fullmatch(query):
        return f'"{query}"'
    return shell_word(query)


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else quote_name(name)
