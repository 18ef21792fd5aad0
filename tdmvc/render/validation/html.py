"""A validation as a page, in the style of the review: rules with bars of pass and fail, and the first failing rows."""

from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words, failure_words, measured_words
from tdmvc.model.text import number, plural
from tdmvc.model.validation import FailingRow, RuleResult, RuleVerdict, TableValidation, ValidationReport
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.html.head import page_head
from tdmvc.render.review.html.markup import Html, clipped, code, element, joined, text
from tdmvc.render.validation.wording import more_rows, table_words, verdict_words

_NAME = 60
_TEXT = 300
_MOST_ROWS = 100
_STYLE = """
.table > summary .extent { font-weight: 400; }
.rules { display: grid; gap: 0.6rem; }
.rule-card { display: grid; grid-template-columns: minmax(0, 1fr) 14rem; gap: 0.1rem 1.5rem; padding: 0.55rem 0.85rem;
  border-left: 3px solid var(--green); background: var(--panel); border-radius: 0 6px 6px 0; }
.rule-card.error { border-color: var(--red); background: var(--red-ground); }
.rule-card.warning { border-color: var(--amber-line); background: var(--amber-ground); }
.rule-card > * { min-width: 0; overflow-wrap: anywhere; }
.rule-card .place { color: var(--muted); font-size: 13px; }
.rule-card .measure { text-align: right; font-size: 13px; color: var(--muted); }
.rule-card.error .measure { color: var(--red); }
.rule-card.warning .measure { color: var(--amber); }
.rule-card .scroll { grid-column: 1 / -1; background: var(--ground); }
.rule-card .more { grid-column: 1 / -1; }
.rule-card b.error { color: var(--red); }
.rule-card b.warning { color: var(--amber); }
.bar { display: block; width: 100%; height: 8px; border-radius: 2px; margin: 0.35rem 0 0.2rem;
  background: var(--raised); }
.bar .pass { fill: var(--green); }
.bar .fail { fill: var(--red); }
.kept { margin-top: 0.3rem; }
.kept > .rules { margin-top: 0.6rem; }
@media (max-width: 40rem) {
  .rule-card { grid-template-columns: minmax(0, 1fr); }
  .rule-card .measure { text-align: left; }
}
@media print {
  .rule-card { break-inside: avoid; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scroll { width: auto; overflow: visible; }
}
"""


def render(reports: Sequence[ValidationReport], options: RenderOptions) -> str:
    """Return a self-contained page, which needs no network and no script."""
    badge = _badge(reports)
    subjects = ", ".join(report.subject for report in reports)
    head = page_head("Contract of ", clipped(subjects, _NAME), more_style=_STYLE)
    header = element(
        "header",
        badge,
        element("h1", "Test data", element("span", " validation")),
        element("span", code(subjects, _NAME), class_="sides-line"),
        class_="top",
    )
    main = element(
        "main",
        element("p", verdict_words(reports), class_="lead"),
        *(_dataset(report, place) for place, report in enumerate(reports)),
    )
    body = element("body", header, element("div", _side(reports), main, class_="layout"))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _badge(reports: Sequence[ValidationReport]) -> Html:
    if any(report.fails(Severity.ERROR) for report in reports):
        return element("strong", "not valid", class_="badge blocked")
    if any(report.failures for report in reports):
        return element("strong", "valid, with warnings", class_="badge attention")
    return element("strong", "valid", class_="badge fine")


def _side(reports: Sequence[ValidationReport]) -> Html:
    blocks = []
    for place, report in enumerate(reports):
        items = []
        for index, table in enumerate(report.tables):
            worst = _worst(table)
            dot = {Severity.ERROR: "error", Severity.WARNING: "loss"}.get(worst, "") if worst else ""
            failing = sum(one.severity is not None for one in table.results)
            items.append(
                element(
                    "li",
                    element(
                        "a",
                        element("span", class_=f"dot {dot}".strip()),
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
    tables = [_table(table, _anchor(place, index)) for index, table in enumerate(report.tables)]
    facts = [element("li", "Contract: ", code(report.contract, 120))]
    facts += [
        element("li", "Not declared, so not validated: ", code(name, _NAME)) for name in report.undeclared
    ]
    notes = None
    if report.notes:
        items = [element("li", clipped(one, _TEXT)) for one in report.notes]
        summary = plural(len(items), "declaration without effect", many="declarations without effect")
        notes = element(
            "details", element("summary", summary), element("ul", *items, class_="reasons"), class_="kept"
        )
    title = element("h2", code(report.subject, _NAME), _badge([report]))
    return element(
        "section",
        title,
        element("ul", *facts, class_="reasons"),
        notes,
        *tables,
        class_="dataset",
        id=f"d{place}",
    )


def _table(table: TableValidation, anchor: str) -> Html:
    broken = [one for one in table.results if one.severity is not None]
    kept = [one for one in table.results if one.severity is None]
    order = list(Severity)
    broken.sort(key=lambda one: order.index(one.severity or Severity.INFO))
    worst = _worst(table)
    mark = {Severity.ERROR: " error", Severity.WARNING: " loss"}.get(worst, "") if worst else ""
    known = f", {plural(table.known_parts, 'part')} unchanged, so not read again" if table.known_parts else ""
    summary = element(
        "summary",
        element(
            "h3",
            code(table.table, _NAME),
            element("span", f"{plural(table.rows, 'row')}, {table_words(table)}{known}", class_="extent"),
        ),
    )
    quiet = None
    if kept:
        words = element("summary", plural(len(kept), "rule that is kept", many="rules that are kept"))
        cards = element("div", *map(_card, kept), class_="rules")
        quiet = element("details", words, cards, class_="kept", open=not broken)
    body = element(
        "div", element("div", *map(_card, broken), class_="rules") if broken else None, quiet, class_="body"
    )
    return element("details", summary, body, class_=f"table{mark}", id=anchor, open=True)


def _card(result: RuleResult) -> Html:
    rule = result.rule
    severity = result.severity
    label = element("b", severity.value, class_=severity.value) if severity else None
    place = element("p", code(str(rule.place), 120), class_="place") if rule.place else None
    words = element("p", clipped(demand_words(rule), _TEXT))
    own = element("p", clipped(rule.description, _TEXT), class_="place") if rule.description else None
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
        share = max(share, 0.5)  # visible, however few
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
    """Return the first failing rows as a grid: key, values, what is wrong."""
    shown = result.examples[:_MOST_ROWS]
    keys = list(shown[0].key)
    columns = [name for name in shown[0].values if name not in keys]
    heads = [
        *(element("th", text(name), scope="col") for name in keys),
        *(element("th", text(name), class_="c", scope="col") for name in columns),
        element("th", "what is wrong", class_="c", scope="col"),
    ]
    rows = [element("tr", *_cells(result, row, keys, columns)) for row in shown]
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _cells(result: RuleResult, row: FailingRow, keys: Sequence[str], columns: Sequence[str]) -> list[Html]:
    return [
        *(element("th", clipped(row.key[name], _NAME), scope="row") for name in keys),
        *(element("td", _cell(row.values[name])) for name in columns),
        element("td", clipped(failure_words(result.rule, row.values), _TEXT)),
    ]


def _cell(value: str | None) -> Html:
    return element("i", "NULL") if value is None else clipped(value, _TEXT)


def _worst(table: TableValidation) -> Severity | None:
    order = list(Severity)
    found = [one.severity for one in table.results if one.severity is not None]
    return min(found, key=order.index) if found else None


def _anchor(dataset: int, table: int) -> str:
    return f"d{dataset}t{table}"
