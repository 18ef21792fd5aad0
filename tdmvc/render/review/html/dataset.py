"""One dataset on the page: verdict, errors, removals, both sides, other findings, tables, related rows."""

from collections import Counter
from collections.abc import Sequence

from tdmvc.model.diff import BumpLevel, SchemaChangeKind, TableStatus
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.review import DatasetReview, RowChange
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.patterns import group_words, shared_groups
from tdmvc.render.privacy import personal_by_table
from tdmvc.render.review.budget import OutputBudget
from tdmvc.render.review.html.anchors import table_anchor
from tdmvc.render.review.html.facts import (
    badge,
    commands,
    declaration,
    findings_list,
    folded,
    folded_listing,
    listing,
    split_long,
)
from tdmvc.render.review.html.grid import Grid
from tdmvc.render.review.html.markup import Html, clipped, code, element, joined
from tdmvc.render.review.html.related import Relations
from tdmvc.render.review.html.table import TableCard, render_card
from tdmvc.render.review.wording import side_facts
from tdmvc.render.wording import severities, view_sign, view_words

_FIRST_ERRORS = 3


class DatasetPart:
    """A dataset on the page, with the tables that the page shows."""

    def __init__(self, review: DatasetReview, tables: int, rows: int) -> None:
        self.review = review
        self.cards = tuple(TableCard.of(review, table, rows) for table in review.ranked[:tables])
        self.left_tables = len(review.ranked) - len(self.cards)
        self.equal = sum(not table.is_changed for table in review.diff.tables)

    @property
    def anchor(self) -> str:
        return table_anchor(self.review.dataset)

    @property
    def related_anchor(self) -> str:
        return f"{self.anchor}/~related"

    @property
    def grids(self) -> list[Grid]:
        return [grid for card in self.cards for grid in card.grids]


def render_dataset(part: DatasetPart, first_place: int, budget: OutputBudget) -> Html:
    """Return a dataset's part of the page; `first_place` is the position of its first table on the page."""
    review = part.review
    return element(
        "section",
        element("h2", code(review.dataset), badge(review.verdict)),
        _sum(review, budget),
        _blocking(part, budget),
        _removed(part, budget),
        element("div", _sides(review, budget), _bump(review, budget), class_="pair"),
        _noted(part, budget),
        _views(review, budget),
        _groups(review, budget),
        *(render_card(card, first_place + place, budget) for place, card in enumerate(part.cards)),
        _left_tables(part, budget),
        _related(part, budget),
        _commands(review, budget),
        class_="dataset",
        id=part.anchor,
    )


def _sum(review: DatasetReview, budget: OutputBudget) -> Html:
    """Return why the verdict is what it is, and how much was removed, in one line."""
    tables = review.diff.tables
    removed = (
        ("table", sum(table.status is TableStatus.REMOVED for table in tables)),
        ("row", sum(table.rows.removed for table in tables)),
        ("column", sum(c.kind is SchemaChangeKind.COLUMN_REMOVED for t in tables for c in t.schema)),
    )
    gone = ", ".join(plural(count, noun) for noun, count in removed if count)
    # The reasons of the bump have a list of their own.
    own = [reason for reason in review.reasons if reason not in set(review.diff.bump.reasons)]
    reasons = [clipped(r, budget.level.text) for r in budget.take(own, budget.level.facts, "reason")]
    if gone:
        reasons.append(Html(f"removed: {gone}"))
    return element("p", Html("; ".join(reasons)), class_="sum")


def _sides(review: DatasetReview, budget: OutputBudget) -> Html:
    """Return what both sides are, without the migration heads that did not move."""
    states = (element("td", code(side.ref)) for side in (review.old, review.new))
    rows = [element("tr", element("th", "state", scope="row"), *states)]
    facts = [fact for fact in side_facts(review.old, review.new) if fact[1] != fact[2]]
    for label, old, new in budget.take(facts, budget.level.facts, "migration state"):
        name = element("th", clipped(label, 120), scope="row")
        sides = (
            element("td", clipped(side, budget.level.text)) if side else element("td", "none", class_="none")
            for side in (old, new)
        )
        rows.append(element("tr", name, *sides, class_="moved"))
    head = element("tr", element("td"), element("th", "old", scope="col"), element("th", "new", scope="col"))
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("div", element("h3", "Compared"), element("div", table, class_="wide"), class_="sides")


def _bump(review: DatasetReview, budget: OutputBudget) -> Html | None:
    bump = review.diff.bump
    reasons = [clipped(r, budget.level.text) for r in budget.take(bump.reasons, budget.level.facts, "reason")]
    if bump.level is BumpLevel.NONE and not reasons:
        return None
    level = element("span", bump.level.value, class_=f"bump {bump.level.value}")
    found = folded_listing(reasons, "reasons", "reason")
    return element("div", element("h3", "Suggested bump ", level), found, class_="bumps")


def _blocking(part: DatasetPart, budget: OutputBudget) -> Html | None:
    """Return the errors; if there are many, those after the first ones are counted by rule and folded."""
    review = part.review
    shown = budget.take(review.blocking, budget.level.findings, "finding")
    if not shown:
        return None
    head = element("h3", f"Blocking: {plural(len(review.blocking), 'error')}")
    first, rest = split_long(shown, first=_FIRST_ERRORS)
    by_rule = Counter(finding.rule for finding in rest)
    rules = ", ".join(f"{number(count)} {rule[:60]}" for rule, count in by_rule.most_common(5))
    more = f"{plural(len(rest), 'more error')}: {visible(rules)}{', …' if len(by_rule) > 5 else ''}"
    return element(
        "section", head, _found(part, first, budget), folded(more, _found(part, rest, budget)), class_="found"
    )


def _noted(part: DatasetPart, budget: OutputBudget) -> Html | None:
    others = [finding for finding in part.review.findings if finding.severity is not Severity.ERROR]
    noted = budget.take(others, budget.level.findings, "finding")
    if not noted:
        return None
    head = element("summary", element("h3", f"Also found: {severities(others)}"))
    return element(
        "section", element("details", head, _found(part, noted, budget), open=len(noted) <= 5), class_="found"
    )


def _found(part: DatasetPart, findings: Sequence[Finding], budget: OutputBudget) -> Html | None:
    tables = frozenset(card.table.name for card in part.cards)
    return findings_list(findings, budget.level.text, part.review.dataset, tables)


def _removed(part: DatasetPart, budget: OutputBudget) -> Html | None:
    """Return everything that was removed, in one place, tables first; the rows are shown in their tables."""
    tables, rows, columns = [], [], []
    shown = {card.table.name: card.anchor for card in part.cards}
    for table in part.review.ranked:
        anchor = shown.get(table.name)
        name: Html = code(table.name, 80)
        link = element("a", name, href=f"#{anchor}") if anchor else name
        if table.status is TableStatus.REMOVED:
            tables.append(joined("table ", link, f" with {plural(table.rows.old, 'row')}"))
        elif table.rows.removed:
            rows.append(joined(plural(table.rows.removed, "row"), " of ", link))
        gone = [c.column or "" for c in table.schema if c.kind is SchemaChangeKind.COLUMN_REMOVED]
        if gone:
            names = joined(
                *(joined(", " if place else "", code(name, 80)) for place, name in enumerate(gone))
            )
            columns.append(joined("column " if len(gone) == 1 else "columns ", names, " of ", link))
    items = [*tables, *rows, *columns]
    if not items:
        return None
    counts = (
        ("table", len(tables)),
        ("table with removed rows", len(rows)),
        ("table with removed columns", len(columns)),
    )
    words = ", ".join(_counted(count, what) for what, count in counts if count)
    found = folded_listing(list(budget.take(items, budget.level.facts, "removal")), "lost", "removal")
    return element(
        "section",
        element("h3", "Removed", element("span", words, class_="n") if len(items) > 1 else None),
        found,
        class_="losses",
    )


def _counted(count: int, what: str) -> str:
    first, _, rest = what.partition(" ")
    return " ".join(filter(None, (plural(count, first), rest)))


def _groups(review: DatasetReview, budget: OutputBudget) -> Html | None:
    """Return a line for each pattern that several tables share."""
    shown = budget.take(shared_groups(review.diff), budget.level.patterns, "pattern")
    items = [
        joined(group_words(group), element("span", plural(group.cells, "cell"), class_="n"))
        for group in shown
    ]
    if not items:
        return None
    return element(
        "section", element("h3", "Across tables"), folded_listing(items, "groups", "pattern"), class_="across"
    )


def _views(review: DatasetReview, budget: OutputBudget) -> Html | None:
    shown = budget.take(review.diff.views, budget.level.schema, "schema change")
    if not shown:
        return None
    items = [declaration(view_sign(view), view_words(view), budget.level.text) for view in shown]
    return element("section", element("h3", "Views"), listing(items, "schema"), class_="across")


def _left_tables(part: DatasetPart, budget: OutputBudget) -> Html | None:
    budget.leave_out(part.left_tables, "changed table")
    words = []
    if part.left_tables:
        words.append(f"{plural(part.left_tables, 'more changed table')} not shown on this page")
    if part.equal:
        words.append(f"{plural(part.equal, 'table')} unchanged")
    return element("p", "; ".join(words), class_="more") if words else None


def _related(part: DatasetPart, budget: OutputBudget) -> Html | None:
    units = part.review.units
    shown = budget.take(units, budget.level.units, "unit of related rows")
    if not shown:
        return None
    grids: dict[tuple[str, RowChange], Grid] = {
        (card.table.name, grid.change): grid for card in part.cards for grid in card.grids
    }
    anchors = {card.table.name: card.anchors for card in part.cards}
    relations = Relations(part.review.dataset, personal_by_table(part.review.diff), anchors, grids)
    head = element("h3", "Related rows")
    words = plural(len(units), "unit")
    if len(shown) < len(units):
        words = f"showing {number(len(shown))} of {words}"
    lead = element("p", f"{words}: a row with the rows that refer to it, most touched first.", class_="lead")
    return element(
        "section",
        head,
        lead,
        *(relations.unit(unit) for unit in shown),
        class_="related",
        id=part.related_anchor,
    )


def _commands(review: DatasetReview, budget: OutputBudget) -> Html | None:
    shown = commands(budget.take(review.commands, budget.level.facts, "command"), budget.level.text)
    return element("section", element("h3", "To see these changes"), shown, class_="again") if shown else None
