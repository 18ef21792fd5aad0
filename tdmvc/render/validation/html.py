"""A validation as a page, in the style of the review: rules with bars of pass and fail, and the first failing rows."""

from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words, failure_words, measured_words
from tdmvc.model.text import number, plural
from tdmvc.model.validation import FailingRow, RuleResult, RuleVerdict, TableValidation, ValidationReport
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.html.head import page_head
from tdmvc.render.review.html.markup import Html, clipped, code, element, joined, text
from tdmvc.render.validation.wording import more_rows, table_words, verdict_words

_NAME = 60
_TEXT = 300
_MOST_ROWS = 100
_STYLE = """
.table > summary .extent { font-weight: 400; }
.facts { color: var(--muted); margin-top: 0.25rem; overflow-wrap: anywhere; }
.kept { margin-top: 0.3rem; }
.kept > .rules { margin-top: 0.6rem; }
.rules { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.6rem; }
.rule-card { display: grid; grid-template-columns: minmax(0, 1fr) 14rem; gap: 0.1rem 1.5rem; padding: 0.55rem 0.85rem;
  border-left: 3px solid var(--green); background: var(--panel); border-radius: 0 6px 6px 0; }
.rule-card.error { border-color: var(--red); background: var(--red-ground); }
.rule-card.warning { border-color: var(--amber-line); background: var(--amber-ground); }
.rule-card > * { min-width: 0; overflow-wrap: anywhere; }
.rule-card .place { color: var(--muted); font-size: 13px; }
.rule-card .measure { text-align: right; font-size: 13px; color: var(--muted); }
.rule-card.error .measure, .rule-card b.error { color: var(--red); }
.rule-card.warning .measure, .rule-card b.warning { color: var(--amber); }
.rule-card .scroll { grid-column: 1 / -1; background: var(--ground); }
.rule-card .scroll td.wrong { min-width: 16rem; max-width: 34rem; overflow-wrap: anywhere; }
.rule-card .more { grid-column: 1 / -1; }
.bar { display: block; width: 100%; height: 8px; border-radius: 2px; margin: 0.35rem 0 0.2rem;
  background: var(--raised); }
.bar .pass { fill: var(--green); }
.bar .fail { fill: var(--red); }
@media (max-width: 60rem) {
  /* The tables follow at once, broken ones first and the others as one line each. */
  .side { display: none; }
}
@media (max-width: 40rem) {
  .top { --top: 3.25rem; }
  .table > summary .extent { padding-left: 0; }
  .rule-card { grid-template-columns: minmax(0, 1fr); padding: 0.55rem 0.7rem; }
  .rule-card .measure { text-align: left; }
  /* A row is a block: its key, what is wrong, and each value on a line. */
  .rule-card .scroll { width: auto; max-height: none; overflow: visible; }
  .rule-card thead { display: none; }
  .rule-card .scroll table, .rule-card tbody, .rule-card tr { display: block; }
  .rule-card tr { padding: 0.35rem 0; border-bottom: 1px solid var(--line); }
  .rule-card tr:last-child { border-bottom: 0; }
  .rule-card .scroll tbody th, .rule-card .scroll td, .rule-card .scroll td.wrong {
    display: block; position: static; min-width: 0; max-width: none; padding: 0 0.75rem; border: 0; background: none;
    white-space: normal; overflow-wrap: anywhere; }
  .rule-card .scroll th { border: 0 !important; }
  .rule-card [data-label]::before { content: attr(data-label) " "; color: var(--muted); font-weight: 400; }
}
@media print {
  .side { display: none; }
  .layout { display: block; }
  .rule-card, .table > summary { break-inside: avoid; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .rule-card .scroll { overflow: visible; }
  .rule-card .scroll th { position: static !important; min-width: 4.5rem; white-space: normal;
    overflow-wrap: anywhere; }
  .rule-card .scroll td { overflow-wrap: anywhere; }
  .rule-card .scroll td.wrong { min-width: 10rem; }
}
"""


def render(reports: Sequence[ValidationReport], options: RenderOptions) -> str:
    """Return a self-contained page, which needs no network and no script; what is broken comes first."""
    ordered = sorted(reports, key=_rank_of_report)
    subjects = ", ".join(report.subject for report in reports)
    head = page_head("Contract of ", clipped(subjects, _NAME), more_style=_STYLE)
    header = element(
        "header",
        _badge(reports),
        element("h1", "Test data", element("span", " validation")),
        element("span", code(subjects, _NAME), class_="sides-line"),
        class_="top",
    )
    main = element(
        "main",
        element("p", verdict_words(reports), class_="lead"),
        *(_dataset(report, place) for place, report in enumerate(ordered)),
    )
    body = element("body", header, element("div", _side(ordered), main, class_="layout"))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _badge(reports: Sequence[ValidationReport]) -> Html:
    if any(report.fails(Severity.ERROR) for report in reports):
        return element("strong", "not valid", class_="badge blocked")
    if any(report.failures for report in reports):
        return element("strong", "valid, with warnings", class_="badge attention")
    if not any(report.results for report in reports):
        return element("strong", "nothing to validate", class_="badge attention")
    return element("strong", "valid", class_="badge fine")


def _side(reports: Sequence[ValidationReport]) -> Html:
    blocks = []
    for place, report in enumerate(reports):
        items = []
        for index, table in enumerate(_ordered(report)):
            failing = sum(one.severity is not None for one in table.results)
            items.append(
                element(
                    "li",
                    element(
                        "a",
                        element("span", class_=f"dot {_MARKS[_worst(table)]}".strip()),
                        element("span", text(table.table), class_="name"),
                        element("span", number(failing), class_="counts") if failing else None,
                        href=f"#{_anchor(place, index)}",
                    ),
                )
            )
        name = element("a", clipped(report.subject, _NAME), href=f"#d{place}")
        blocks.append(joined(element("h2", name, _badge([report])), element("ul", *items)))
    return element("nav", *blocks, class_="side", aria_label="Tables")


def _dataset(report: ValidationReport, place: int) -> Html:
    tables = [_table(table, _anchor(place, index)) for index, table in enumerate(_ordered(report))]
    files = [joined(", " if index else None, code(name)) for index, name in enumerate(report.files)]
    return element(
        "section",
        element("h2", code(report.subject, _NAME), _badge([report])),
        element("p", "Contract: ", code(report.contract), class_="facts"),
        element("p", "Failing rows: ", *files, class_="facts") if files else None,
        *tables,
        _folded(
            plural(
                len(report.undeclared), "table without a declaration", many="tables without a declaration"
            ),
            "The contract does not declare these tables, so no rule was evaluated on their rows.",
            [code(name, _NAME) for name in report.undeclared],
        ),
        _folded(
            plural(len(report.notes), "declaration without effect", many="declarations without effect"),
            "The contract declares this, and it has no effect on rows.",
            [clipped(one, _TEXT) for one in report.notes],
        ),
        class_="dataset",
        id=f"d{place}",
    )


def _folded(summary: str, words: str, items: Sequence[Html]) -> Html | None:
    """Return a list that a reader opens; none if it is empty."""
    if not items:
        return None
    inside = element("ul", *(element("li", one) for one in items), class_="reasons")
    body = element("div", element("p", words), inside, class_="body")
    return element("details", element("summary", element("h3", summary)), body, class_="table")


def _table(table: TableValidation, anchor: str) -> Html:
    broken = [one for one in table.results if one.severity is not None]
    kept = [one for one in table.results if one.severity is None]
    broken.sort(key=lambda one: _RANKS[one.severity])
    known = f", {plural(table.known_parts, 'part')} unchanged, so not read again" if table.known_parts else ""
    summary = element(
        "summary",
        element(
            "h3",
            code(table.table, _NAME),
            element("span", f"{plural(table.rows, 'row')}, {table_words(table)}{known}", class_="extent"),
        ),
    )
    quiet = element("div", *map(_card, kept), class_="rules") if kept else None
    if broken and kept:
        words = element("summary", plural(len(kept), "rule that is kept", many="rules that are kept"))
        quiet = element("details", words, quiet, class_="kept")
    body = element(
        "div", element("div", *map(_card, broken), class_="rules") if broken else None, quiet, class_="body"
    )
    mark = _MARKS[_worst(table)]
    return element("details", summary, body, class_=f"table {mark}".strip(), id=anchor, open=bool(broken))


def _card(result: RuleResult) -> Html:
    rule = result.rule
    severity = result.severity
    label = element("b", severity.value, class_=severity.value) if severity else None
    place = element("p", code(str(rule.place), 120), class_="place") if rule.place else None
    demand = demand_words(rule)
    words = element("p", clipped(demand, _TEXT))
    own = None
    if rule.description and " ".join(rule.description.split()) not in demand:
        own = element("p", clipped(rule.description, _TEXT), class_="place")
    name = element("p", label, " " if label else None, code(rule.id, 120))
    left = element("div", name, words, own, place)
    right = element("div", _bar(result), element("span", text(measured_words(result))), class_="measure")
    more = more_rows(result) + max(len(result.examples) - _MOST_ROWS, 0)
    return element(
        "div",
        left,
        right,
        _rows(result) if result.examples else None,
        element("p", f"… and {plural(more, 'more row')}", class_="more") if more else None,
        class_=f"rule-card {severity.value if severity else 'passed'}",
    )


def _bar(result: RuleResult) -> Html | None:
    """Return a bar of the rows that keep and break a rule; none if it does not speak of rows."""
    if result.failing is None or not result.rows or result.verdict is RuleVerdict.NOT_EVALUATED:
        return None
    share = min(result.failing / result.rows, 1.0) * 100
    if result.failing:
        share = max(share, 2)  # visible, however few
    words = f"{number(result.failing)} of {plural(result.rows, 'row')} break this rule"
    return element(
        "svg",
        element("rect", class_="pass", width="100", height="8"),
        element("rect", class_="fail", x=f"{100 - share:.2f}", width=f"{share:.2f}", height="8"),
        class_="bar",
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        role="img",
        aria_label=words,
    )


def _rows(result: RuleResult) -> Html:
    """Return the first failing rows as a grid: key, what is wrong, values."""
    shown = result.examples[:_MOST_ROWS]
    keys = list(shown[0].key)
    columns = [name for name in shown[0].values if name not in keys]
    heads = [
        *(element("th", text(name), scope="col") for name in keys),
        element("th", "what is wrong", class_="c", scope="col"),
        *(element("th", text(name), class_="c", scope="col") for name in columns),
    ]
    rows = [element("tr", *_cells(result, row, keys, columns)) for row in shown]
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _cells(result: RuleResult, row: FailingRow, keys: Sequence[str], columns: Sequence[str]) -> list[Html]:
    """Return the cells of a row; where the page is narrow, each has its column's name before it."""
    return [
        *(
            element("th", clipped(row.key[name], _NAME), scope="row", data_label=visible(name))
            for name in keys
        ),
        element("td", clipped(failure_words(result.rule, row.values), _TEXT), class_="wrong"),
        *(element("td", _cell(row.values[name]), data_label=visible(name)) for name in columns),
    ]


def _cell(value: str | None) -> Html:
    return element("i", "NULL") if value is None else clipped(value, _TEXT)


def _ordered(report: ValidationReport) -> list[TableValidation]:
    """Return the tables, worst first and then in the contract's order."""
    return sorted(report.tables, key=lambda table: _RANKS[_worst(table)])


def _rank_of_report(report: ValidationReport) -> int:
    return min((_RANKS[one.severity] for one in report.failures), default=_RANKS[None])


def _worst(table: TableValidation) -> Severity | None:
    return min((one.severity for one in table.results), key=_RANKS.__getitem__, default=None)


def _anchor(dataset: int, table: int) -> str:
    return f"d{dataset}t{table}"


_RANKS: dict[Severity | None, int] = {level: rank for rank, level in enumerate((*Severity, None))}
"""The order of severities, worst first; None is that of a rule that is kept."""
_MARKS = {Severity.ERROR: "error", Severity.WARNING: "loss", Severity.INFO: "", None: ""}
"""The classes of the style sheet for tables whose worst rule has a severity."""
