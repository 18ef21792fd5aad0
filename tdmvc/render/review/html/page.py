"""The whole page: head with its security policy, header, list of tables, datasets, footer."""

from dataclasses import dataclass, field

from tdmvc.model.review import Review
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.review.budget import DetailLevel, OutputBudget
from tdmvc.render.review.html.dataset import DatasetPart, render_dataset
from tdmvc.render.review.html.facts import badge, commands, signed_counts
from tdmvc.render.review.html.grid import Grid
from tdmvc.render.review.html.head import asset, page_head
from tdmvc.render.review.html.markup import Html, clipped, code, element, joined, json_script, text
from tdmvc.render.review.html.table import TableCard
from tdmvc.render.review.wording import commit_facts, review_words
from tdmvc.render.wording import total_rows

_NAME = 60
_MANY = 30
_MANY_ROWS = 3000
"""With more tables or rows, the browser skips the layout of what is off the screen."""
_KEYS = (
    (("j", "k"), "next, previous change"),
    (("n", "p"), "next, previous table"),
    (("/",), "filter rows by words; a row must contain each word, or be in a table of that name"),
    (("Enter",), "in the filter: next match; with Shift, the previous one"),
    (("Esc",), "clear the filter and the chosen pattern"),
    (("?",), "this help"),
)


@dataclass(slots=True)
class PagePlan:
    """The contents of the page at one step of shortening; its grids hold the numbers of rows."""

    review: Review
    level: DetailLevel
    rows_per_table: int
    parts: tuple[DatasetPart, ...] = field(init=False)

    def __post_init__(self) -> None:
        parts, tables = [], self.level.tables
        for dataset in self.review.datasets[: self.level.datasets]:
            part = DatasetPart(dataset, tables, self.rows_per_table)
            tables -= len(part.cards)
            parts.append(part)
        self.parts = tuple(parts)

    @property
    def cards(self) -> list[TableCard]:
        return [card for part in self.parts for card in part.cards]

    @property
    def grids(self) -> list[Grid]:
        return [grid for part in self.parts for grid in part.grids]


def render_page(plan: PagePlan) -> str:
    """Return the page of the plan."""
    review, budget = plan.review, OutputBudget(plan.level)
    main = _main(plan, budget)
    script = asset("review.js")
    head = page_head(
        f"Test data {review.verdict.value}: ",
        clipped(review.base, _NAME),
        " → ",
        clipped(review.head, _NAME),
        script=script,
    )
    body = element(
        "body",
        element("a", "Skip to the review", href="#~main", class_="skip"),
        _header(review),
        element("div", _side(plan), main, class_="layout"),
        _help(),
        element("p", id="~toast", class_="toast", role="status", hidden=True),
        json_script("~data", _data(plan)),
        Html(f"<script>{script}</script>"),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _header(review: Review) -> Html:
    tables = [table for dataset in review.datasets for table in dataset.diff.tables]
    sides = element("span", code(review.base, _NAME), " → ", code(review.head, _NAME), class_="sides-line")
    search = element(
        "div",
        element(
            "input",
            type="search",
            id="~filter",
            placeholder="Filter rows",
            aria_label="Filter rows",
            autocomplete="off",
            spellcheck="false",
        ),
        element("kbd", "/", aria_hidden="true"),
        element("span", id="~count", class_="tally", role="status"),
        _step("~previous", "↑", "Previous match"),
        _step("~next", "↓", "Next match"),
        element("button", "?", type="button", id="~ask", aria_label="Keyboard shortcuts"),
        class_="search",
    )
    return element(
        "header",
        badge(review.verdict),
        element("h1", "Test data", element("span", " review")),
        sides,
        signed_counts(total_rows(tables)),
        search,
        class_="top",
    )


def _step(identifier: str, sign: str, label: str) -> Html:
    return element("button", sign, type="button", id=identifier, aria_label=label, class_="step", hidden=True)


def _side(plan: PagePlan) -> Html:
    blocks = [_side_block(part) for part in plan.parts]
    body = blocks or [element("p", "No dataset differs.", class_="more")]
    return element("nav", *body, class_="side", aria_label="Changed tables")


def _side_block(part: DatasetPart) -> Html:
    review = part.review
    items = [_side_item(card) for card in part.cards]
    if part.left_tables:
        items.append(element("li", f"… {plural(part.left_tables, 'more table')}", class_="more"))
    if review.units:
        count = element("span", number(len(review.units)), class_="counts")
        name = element("span", "related rows", class_="name")
        items.append(element("li", element("a", name, count, href=f"#{part.related_anchor}"), class_="aside"))
    name = element("a", clipped(review.dataset, _NAME), href=f"#{part.anchor}")
    return joined(element("h2", name, badge(review.verdict)), element("ul", *items))


def _side_item(card: TableCard) -> Html:
    status = card.table.status.value
    words = {"error": "blocked", "loss": "look here"}.get(card.risk)
    role = "img" if words else None
    mark = element("span", class_=f"dot {card.risk}", title=words, role=role, aria_label=words)
    label = card.table.name[:_NAME]
    name = element("span", text(label), class_="name", title=visible(label))
    link = element("a", mark, name, signed_counts(card.table.rows), href=f"#{card.anchor}", class_=status)
    return element("li", link)


def _main(plan: PagePlan, budget: OutputBudget) -> Html:
    review = plan.review
    budget.take(review.datasets, plan.level.datasets, "dataset")
    place, parts = 0, []
    for part in plan.parts:
        parts.append(render_dataset(part, place, budget))
        place += len(part.cards)
    return element(
        "main",
        element("p", review_words(review), class_="lead"),
        _commits(review),
        _left_out(plan, budget),
        *parts,
        _footer(plan, budget),
        id="~main",
        tabindex="-1",
        class_="many" if place > _MANY or sum(grid.shown for grid in plan.grids) > _MANY_ROWS else None,
    )


def _commits(review: Review) -> Html | None:
    """Return the commits behind both sides, with their times."""
    if review.commits is None:
        return None
    rows = [
        element(
            "div", element("dt", label), element("dd", code(name, _NAME) if name else None, " ", text(words))
        )
        for label, name, words in commit_facts(review)
    ]
    return element("dl", *rows, class_="commits", aria_label="Compared commits")


def _left_out(plan: PagePlan, budget: OutputBudget) -> Html | None:
    """Return what the page leaves out to stay small; each grid counts its rows too."""
    words = list(budget.left_out)
    taken = sum(len(grid.samples) for grid in plan.grids) - sum(grid.shown for grid in plan.grids)
    if taken:
        words.insert(0, plural(taken, "row"))
    folded = any(grid.folded and grid.shown and not grid.has_unchanged for grid in plan.grids)
    if folded:
        words.append("the unchanged cells of changed rows")
    if any(grid.shown and not grid.has_full and grid.may_unfold for grid in plan.grids):
        words.append("the full text of long values")
    if not words:
        return None
    sentence = f"To stay small, this page leaves out: {', '.join(words)}. All counts are still exact."
    return element("p", sentence, class_="left-out", role="note")


def _footer(plan: PagePlan, budget: OutputBudget) -> Html:
    review = plan.review
    unchanged = None
    if review.unchanged:
        names = budget.take(review.unchanged, plan.level.facts, "unchanged dataset")
        listed = joined(
            *(joined(", " if place else "", code(name, _NAME)) for place, name in enumerate(names))
        )
        left = len(review.unchanged) - len(names)
        unchanged = element("p", "Unchanged: ", listed, f" and {number(left)} more" if left else None)
    lines = commands(budget.take(review.commands, plan.level.facts, "command"), plan.level.text)
    again = element("section", element("h3", "To see this review"), lines, class_="again") if lines else None
    return element("footer", unchanged, again)


def _help() -> Html:
    rows = [
        element("div", element("dt", *(element("kbd", key) for key in keys)), element("dd", words))
        for keys, words in _KEYS
    ]
    note = "Click the # of a row to copy its address, ready to paste into a comment."
    close = element("form", element("button", "Close", type="submit"), method="dialog")
    return element(
        "dialog",
        element("h2", "Keyboard shortcuts"),
        element("dl", *rows),
        element("p", note),
        close,
        id="~help",
        aria_label="Keyboard shortcuts",
    )


def _data(plan: PagePlan) -> dict[str, object]:
    """Return what the script counts with: rows shown and rows in all, by table."""
    return {
        "format": "tdmvc.review-page/1",
        "tables": {
            card.anchor: {
                "shown": sum(grid.shown for grid in card.grids),
                "rows": sum(grid.total for grid in card.grids),
            }
            for card in plan.cards
        },
    }
