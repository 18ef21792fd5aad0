"""One table on the page: its schema, patterns, distributions and rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from tdmvc.model.diff import ChangePattern, PatternKind, TableDiff, TableStatus
from tdmvc.model.finding import Finding, has_errors
from tdmvc.model.review import Bar, DatasetReview, Shift
from tdmvc.model.text import number, plural
from tdmvc.render.patterns import pattern_count, pattern_words
from tdmvc.render.privacy import guarded
from tdmvc.render.review.budget import OutputBudget
from tdmvc.render.review.html.anchors import RowAnchors, table_anchor
from tdmvc.render.review.html.facts import declaration, findings_list, folded, listing, signed_counts
from tdmvc.render.review.html.grid import KINDS, Grid, render_grid, see_all_command
from tdmvc.render.review.html.markup import Html, clipped, code, element, joined, text
from tdmvc.render.review.wording import shift_words
from tdmvc.render.text import percent
from tdmvc.render.wording import schema_sign, schema_words

_MOST_COLUMNS_NAMED = 4
_OPEN_TABLES = 30
_MOST_BARS = 24
_LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True)
class TableCard:
    """A table on the page, with its grids and findings."""

    dataset: str
    table: TableDiff
    anchors: RowAnchors
    grids: tuple[Grid, ...]
    findings: tuple[Finding, ...]
    shifts: tuple[Shift, ...]
    see_all: str

    @classmethod
    def of(cls, review: DatasetReview, table: TableDiff, rows: int) -> "TableCard":
        """Choose at most `rows` samples of all kinds together."""
        anchors = RowAnchors(review.dataset, table)
        samples = table.samples
        most = shares([len(samples.removed), len(samples.changed), len(samples.added)], rows)
        grids = tuple(Grid.of(table, kind, anchors, count) for kind, count in zip(KINDS, most, strict=True))
        return cls(
            review.dataset,
            table,
            anchors,
            grids,
            tuple(finding for finding in review.findings if finding.table == table.name),
            tuple(shift for shift in review.shifts if shift.table == table.name),
            see_all_command(review.diff.old, review.diff.new, table.name),
        )

    @property
    def anchor(self) -> str:
        return table_anchor(self.dataset, self.table.name)

    @property
    def risk(self) -> str:
        """`error`, `loss` or `calm`: the table's mark in the list."""
        if has_errors(self.findings):
            return "error"
        return "loss" if self.has_loss else "calm"

    @property
    def has_loss(self) -> bool:
        """Whether something was removed, or may no longer be read as before."""
        table = self.table
        breaks = any(change.kind.is_breaking for change in table.schema)
        return breaks or table.rows.removed > 0 or table.status in {TableStatus.REMOVED, TableStatus.RENAMED}


def render_card(card: TableCard, place: int, budget: OutputBudget) -> Html:
    """Return the table's part of the page; tables with removals are open."""
    table, level = card.table, budget.level
    findings = budget.take(card.findings, level.findings, "finding")
    body = joined(
        findings_list(findings, level.text, has_remedies=False),
        _schema(table, budget),
        _patterns(table, budget),
        _cells(table, budget),
        _shifts(card, budget),
        *(render_grid(g, card.see_all, f"~fold-{place}-{g.change.value}") for g in card.grids),
    )
    return element(
        "details",
        element("summary", _title(table)),
        element("div", body, class_="body"),
        class_=f"table {card.risk}",
        id=card.anchor,
        open=place < _OPEN_TABLES or card.has_loss or card.risk == "error",
    )


def _title(table: TableDiff) -> Html:
    name = code(table.name, 80)
    if table.old_name is not None:
        name = element("span", code(table.old_name, 80), " → ", name)
    rows = table.rows
    extent = (
        plural(rows.new, "row") if rows.old == rows.new else f"{number(rows.old)} → {plural(rows.new, 'row')}"
    )
    if table.key:
        by = "natural key" if table.is_natural_key else "key"
        extent = f"{extent}, {by} "
    key = element("code", clipped(", ".join(table.key), 80)) if table.key else ", no key"
    status = (
        None if table.status is TableStatus.CHANGED else element("span", table.status.value, class_="status")
    )
    return joined(
        element("h3", name, status, signed_counts(rows)), element("span", extent, key, class_="extent")
    )


def _schema(table: TableDiff, budget: OutputBudget) -> Html | None:
    shown = budget.take(table.schema, budget.level.schema, "schema change")
    items = [
        declaration(
            schema_sign(change), schema_words(change), budget.level.text, is_breaking=change.kind.is_breaking
        )
        for change in shown
    ]
    if table.old_name is not None and table.evidence:
        items.insert(0, joined("considered renamed: ", clipped(table.evidence, budget.level.text)))
    if not items:
        return None
    return element("section", element("h4", "Schema"), listing(items, "schema"), class_="facts")


def _patterns(table: TableDiff, budget: OutputBudget) -> Html | None:
    if not table.patterns:
        return None
    shown = budget.take(table.patterns, budget.level.patterns, "pattern")
    chips = [_chip(guarded(pattern, table.personal_columns), index) for index, pattern in enumerate(shown)]
    return element(
        "section", element("h4", "Patterns"), element("div", *chips, class_="chips"), class_="facts"
    )


def _chip(pattern: ChangePattern, index: int) -> Html:
    columns = _columns(pattern.columns)
    words = joined(
        element("span", pattern_words(pattern), class_="way"),
        element("span", columns, class_="of"),
        element("span", pattern_count(pattern), class_="n"),
    )
    return element("button", words, type="button", class_="chip", data_p=str(index), aria_pressed="false")


def _columns(names: Sequence[str]) -> Html:
    shown = joined(
        *(
            joined(", " if place else "", clipped(name, 40))
            for place, name in enumerate(names[:_MOST_COLUMNS_NAMED])
        )
    )
    left = len(names) - _MOST_COLUMNS_NAMED
    return joined(shown, f" and {left} more") if left > 0 else shown


def _cells(table: TableDiff, budget: OutputBudget) -> Html | None:
    """Return the counts of changed and ignored cells by column."""
    parts: list[Html] = []
    for label, counts in (("Changed cells", table.columns), ("Ignored by rule", table.ignored)):
        if not counts:
            continue
        shown = budget.take(list(counts.items()), budget.level.facts, "count of a column")
        names = joined(*(element("li", code(name, 40), " ", number(count)) for name, count in shown))
        parts.append(joined(element("dt", label), element("dd", element("ul", names, class_="inline"))))
    if table.rows.ignored:
        words = f"{plural(table.rows.ignored, 'row')} with no other change"
        parts.append(joined(element("dt", "Ignored rows"), element("dd", words)))
    return element("dl", *parts, class_="cells") if parts else None


def _shifts(card: TableCard, budget: OutputBudget) -> Html | None:
    if not card.shifts:
        return None
    shown = budget.take(card.shifts, budget.level.shifts, "distribution")
    if not shown:
        return None
    explained = _explained_columns(card.table)
    news = [_figure(card, shift) for shift in shown if shift.column not in explained]
    repeated = [_figure(card, shift) for shift in shown if shift.column in explained]
    words = f"{plural(len(repeated), 'distribution')} changed by the patterns alone"
    return element(
        "section",
        element("h4", "Distributions", _legend()),
        element("div", *news, class_="shifts") if news else None,
        folded(words, element("div", *repeated, class_="shifts")) if repeated else None,
        class_="facts",
    )


def _explained_columns(table: TableDiff) -> frozenset[str]:
    """Return the columns in which one pattern covers every changed cell."""
    return frozenset(
        column
        for pattern in table.patterns
        if pattern.kind is not PatternKind.VARIED
        and pattern.cells == sum(table.columns.get(column, 0) for column in pattern.columns)
        for column in pattern.columns
    )


def _legend() -> Html:
    """Return the legend of the bars."""
    return element(
        "span",
        element("span", "old", class_="k old"),
        element("span", "new", class_="k new"),
        class_="legend",
    )


def _figure(card: TableCard, shift: Shift) -> Html:
    """Return the column, how far its distribution shifted, and its bars; bars of a personal column have no label."""
    is_personal = shift.is_personal or shift.column in card.table.personal_columns
    shown = shift.bars[:_MOST_BARS]
    widest = max((share for bar in shown for share in (bar.old, bar.new)), default=0.0)
    rows = [_bar(bar, widest, place, is_personal=is_personal) for place, bar in enumerate(shown, start=1)]
    left = len(shift.bars) - len(shown)
    return element(
        "figure",
        element("figcaption", code(shift.column), " ", element("span", shift_words(shift))),
        element("table", element("tbody", *rows), class_=f"bars {shift.kind.value}"),
        element("p", f"… and {left} more", class_="more") if left else None,
        class_="shift",
    )


def _bar(bar: Bar, widest: float, place: int, *, is_personal: bool) -> Html:
    label: Html | str
    if is_personal or not bar.label:
        label = element("i", f"bar {place}")
    else:
        long = len(bar.label) > _LONGEST_LABEL
        label = text(f"{bar.label[:_LONGEST_LABEL]}…" if long else bar.label)
    drawing = Html(
        '<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="old" y="0" width="{_width(bar.old, widest)}" height="6"></rect>'
        f'<rect class="new" y="8" width="{_width(bar.new, widest)}" height="6"></rect></svg>'
    )
    return element(
        "tr",
        element("th", label, scope="row"),
        element("td", drawing, class_="draw"),
        element("td", joined(percent(bar.old), " → ", percent(bar.new)), class_="share"),
    )


def _width(share: float, widest: float) -> str:
    if not share > 0 or not widest > 0:
        return "0"
    return f"{max(0.8, min(1.0, share / widest) * 100):.1f}"


def shares(sizes: Sequence[int], most: int) -> list[int]:
    """Divide `most` evenly among lists of these sizes; what a short list leaves over goes to the others."""
    given = [0] * len(sizes)
    left = most
    by_size = sorted(range(len(sizes)), key=lambda place: sizes[place])
    for done, place in enumerate(by_size):
        given[place] = min(sizes[place], left // (len(sizes) - done))
        left -= given[place]
    return given
