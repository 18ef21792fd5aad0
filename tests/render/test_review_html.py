"""The HTML page of a review: what it says, what it hides, and how small it stays."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from tdmvc.model.diff import (
    CellChange,
    ChangedRowSample,
    RowCounts,
    RowSample,
    Samples,
    TableDiff,
    TableStatus,
)
from tdmvc.model.review import DatasetReview, Review, RowChange
from tdmvc.render.review.html.anchors import RowAnchors, row_anchor, table_anchor
from tdmvc.render.review.html.cell import change_cell
from tdmvc.render.review.html.review import render_review_html
from tdmvc.render.review.html.table import shares
from tdmvc.render.review.html.tree_diff import path_changes
from tdmvc.render.review.html.word_diff import word_runs
from tests.render.html_samples import SECRET, big_review, hostile_review, review_of, shop_review

BIG = big_review(rows=30)
SHOP = render_review_html(shop_review())


class Outline(HTMLParser):
    """The text, the ids and the links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._is_code = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_code += tag in {"script", "style"}
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._is_code -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._is_code:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def one_table(review: Review, table: TableDiff) -> Review:
    dataset = review.datasets[0]
    return replace(review, datasets=(replace(dataset, diff=replace(dataset.diff, tables=(table,))),))


def the_table(review: Review, name: str) -> TableDiff:
    return next(table for table in review.datasets[0].diff.tables if table.name == name)


def test_the_page_shows_the_verdict_both_sides_and_how_to_fix_what_blocks() -> None:
    text = Outline(SHOP).text
    for words in (
        "blocked",
        "golden@main",
        "0041_add_coupon",
        "0042_rename_note",
        "2.14.0",
        "Blocking: 1 error",
        "remove the payments too, or keep the orders:",
        "Suggested bump major",
        "column customers.fax removed",
        "1,204 rows with no other change",
        "all 4,179 rows are equal",
        "98 % of the rows are equal",
        "tdmvc drift golden",
        "Unchanged: masked-eu , synthetic",
    ):
        assert words in text


def test_counts_come_from_the_data_and_not_from_the_samples() -> None:
    text = Outline(SHOP).text
    assert "412 changed showing 40 of 412 changed rows" in text
    assert "Every row: tdmvc diff golden@main golden --table orders --rows DIR" in text


def test_tables_are_in_the_order_of_their_risk() -> None:
    side = SHOP[SHOP.index("<nav") : SHOP.index("</nav>")]
    named = re.findall(r'href="#golden/([^"~]+)"', side)
    assert named == [*(table.name for table in shop_review().datasets[0].ranked)]


def test_every_link_has_a_target_on_the_page_and_every_id_is_unique() -> None:
    outline = Outline(SHOP)
    assert len(outline.ids) == len(set(outline.ids))
    inside = {link[1:] for link in outline.links if link.startswith("#")}
    assert inside <= set(outline.ids)
    assert "golden/orders/10002" in inside
    assert all(link.startswith(("#", "data:")) for link in outline.links)


def test_removed_tables_are_always_open() -> None:
    table = TableDiff(
        "late",
        TableStatus.CHANGED,
        ("id",),
        RowCounts(5, 4, removed=1),
        samples=Samples(removed=(RowSample({"id": 1}, {"id": 1}),)),
    )
    big = big_review(tables=60, rows=1).datasets[0]
    dataset = replace(big, diff=replace(big.diff, tables=(*big.diff.tables, table)))
    page = render_review_html(Review("a", "b", (dataset,)))
    assert re.search(r'<details class="table loss" id="golden/late" open>', page)
    assert '<div class="grid removed">' in page
    assert len(re.findall(r'<details class="table calm" id="[^"]+">', page)) > 20


def test_the_same_review_gives_the_same_bytes() -> None:
    assert render_review_html(shop_review()) == SHOP


def test_a_value_of_a_personal_column_is_nowhere_in_the_file() -> None:
    assert SECRET not in SHOP
    assert "ann.margaret" not in SHOP
    assert f"•••({len(SECRET)})" in SHOP


def test_a_personal_key_is_neither_shown_nor_in_an_address() -> None:
    table = TableDiff(
        "people",
        TableStatus.CHANGED,
        ("email",),
        RowCounts(3, 3, added=1, removed=1, changed=1),
        {"note": 1},
        samples=Samples(
            (RowSample({"email": SECRET}, {"email": SECRET}),),
            (RowSample({"email": SECRET + "x"}, {"email": SECRET + "x"}),),
            (
                ChangedRowSample(
                    {"email": SECRET},
                    (CellChange("note", {SECRET: 1}, {SECRET: 2}, (SECRET,)),),
                    {"email": SECRET},
                ),
            ),
        ),
        personal_columns=frozenset({"email", "note"}),
    )
    page = render_review_html(one_table(shop_review(), table))
    assert SECRET not in page
    assert 'id="golden/people/changed-1"' in page
    assert 'id="golden/people/removed-1"' in page


def test_bars_of_a_personal_column_have_no_label() -> None:
    review = shop_review()
    dataset = review.datasets[0]
    shift = replace(dataset.shifts[0], table="customers", column="email")
    page = render_review_html(replace(review, datasets=(replace(dataset, shifts=(shift,)),)))
    assert "on_hold</th>" in SHOP
    assert "on_hold</th>" not in page
    assert "bar 3" in page


def test_hostile_text_makes_no_element() -> None:
    page = render_review_html(hostile_review())
    outline = Outline(page)
    assert outline.tags <= Outline(SHOP).tags
    assert not {name for name in outline.attributes if name.startswith("on") or name == "style"}
    assert all(link.startswith(("#", "data:,")) for link in outline.links)
    assert len(re.findall(r"<script", page)) == 2
    assert "\u202e" not in page
    assert "\u2028" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_policy_allows_nothing_but_the_page_itself() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', SHOP)
    assert policy is not None
    assert policy[1].startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe" not in policy[1]
    assert "http://" not in SHOP
    assert "https://" not in SHOP


def test_lone_surrogates_can_be_written() -> None:
    page = render_review_html(review_of(lambda: "a\ud800b"))
    assert "⟨U+D800⟩" in page
    page.encode()


@pytest.mark.parametrize("most", [4_800_000, 400_000, 120_000, 60_000])
def test_a_big_review_stays_small_and_lists_what_it_leaves_out(most: int) -> None:
    page = render_review_html(BIG, max_bytes=most)
    assert len(page.encode()) <= most
    text = Outline(page).text
    shown = page.count("<tr id=")
    if shown:
        assert "of 81,230 changed rows" in text
    assert ("To stay small, this page leaves out:" in text) == (most < 4_800_000)
    if most == 400_000:
        assert f"leaves out: {200 * 30 - shown:,} rows, the unchanged cells of changed rows." in text


def test_rows_are_left_out_evenly() -> None:
    page = render_review_html(big_review(tables=20, rows=200), max_bytes=400_000)
    counts = [len(re.findall("<tr id=", table)) for table in page.split('<details class="table')[1:]]
    assert len(counts) == 20
    assert max(counts) - min(counts) <= 1
    assert min(counts) > 0


def test_a_table_shows_a_limited_number_of_rows() -> None:
    page = render_review_html(big_review(tables=1, rows=300), rows_per_table=50)
    assert page.count("<tr id=") == 50
    assert "showing 50 of 81,230 changed rows" in page


def test_all_kinds_of_rows_share_the_room_evenly() -> None:
    assert shares([3, 5000, 5000], 5000) == [3, 2498, 2499]
    assert shares([0, 9, 0], 5) == [0, 5, 0]
    assert shares([1, 2, 3], 100) == [1, 2, 3]


def test_long_lists_of_findings_and_names_do_not_break_the_limit() -> None:
    review = shop_review()
    dataset = review.datasets[0]
    many = replace(dataset.findings[0], message="word " * 20_000)
    longest = replace(dataset, findings=(many,) * 3_000, reasons=("x" * 100_000,) * 50)
    page = render_review_html(replace(review, datasets=(longest,) * 5), max_bytes=500_000)
    assert len(page.encode()) <= 500_000
    assert "Blocking: 3,000 errors" in page


def test_nothing_to_review_is_a_page_too() -> None:
    page = render_review_html(Review("main", "HEAD", (), ("golden",)))
    assert "No dataset differs." in page
    assert "unchanged" in page


def test_anchors_are_stable_safe_and_different() -> None:
    orders = the_table(shop_review(), "orders")
    items = the_table(shop_review(), "order_items")
    assert table_anchor("golden", "orders") == "golden/orders"
    assert table_anchor("golden") == "golden"
    assert (
        row_anchor("golden", orders, {"order_id": 7}, change=RowChange.CHANGED, position=0)
        == "golden/orders/7"
    )
    key: dict[str, object] = {"order_id": 7, "line": 2}
    assert row_anchor("golden", items, key, change=RowChange.ADDED, position=3) == "golden/order_items/7,2"
    names = ["a b", "a_b", "a~b", "a/b", "a#b", "a-b", "ä", "", " ", "x" * 99, "x" * 100]
    anchors = [table_anchor("golden", name) for name in names]
    assert len(set(anchors)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9.,~/_-]+", anchor) for anchor in anchors)


def test_rows_with_one_key_have_an_address_each() -> None:
    table = TableDiff(
        "t",
        TableStatus.CHANGED,
        ("id",),
        samples=Samples(
            removed=tuple(RowSample({"id": 1}, {"id": 1}) for _ in range(2)),
            added=(RowSample({"id": 1}, {"id": 1}),),
        ),
    )
    anchors = RowAnchors("d", table)
    found = {
        anchors.of(RowChange.REMOVED, 0),
        anchors.of(RowChange.REMOVED, 1),
        anchors.of(RowChange.ADDED, 0),
    }
    assert len(found) == 3
    assert anchors.of(RowChange.ADDED, 1) is None


def test_words_are_marked_in_long_texts_and_nothing_in_short_ones() -> None:
    runs = word_runs("the quick brown fox jumps over it", "the quick red fox jumps over it")
    assert runs is not None
    assert [run.text for run in runs[0] if not run.is_equal] == ["brown"]
    assert [run.text for run in runs[1] if not run.is_equal] == ["red"]
    assert "".join(run.text for run in runs[0]) == "the quick brown fox jumps over it"
    assert word_runs("pending", "paid") is None
    assert word_runs("wholly one thing and not another", "x y z q w e r t y u i o p a s d f g") is None


def test_a_change_at_the_end_of_a_very_long_text_is_shown() -> None:
    long = "word " * 2_000
    cell = change_cell(CellChange("note", f"{long}old end", f"{long}new end"), is_personal=False)
    assert "<b>old</b>" in cell
    assert "<b>new</b>" in cell
    assert len(cell) < 600


def test_trees_show_the_paths_that_differ_and_no_others() -> None:
    old = {"a": 1, "b": {"c": [1, 2]}, "same": 0, "gone": None}
    new = {"a": True, "b": {"c": [1, 3, 4]}, "same": 0}
    found = path_changes(json.dumps(old), json.dumps(new), 10)
    assert found is not None
    assert [change.path for change in found[0]] == ["a", "b.c[1]", "b.c[2]", "gone"]
    assert path_changes(old, new, 2) == (found[0][:2], True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[1, 2]", "[1,2]"),
        ("{", "["),
        ("plain", "text"),
        ([float("nan")], [float("nan")]),
        ("[" * 9_000, "[1]"),
    ],
)
def test_values_that_are_not_nested_or_differ_only_in_notation_are_shown_in_full(
    old: object, new: object
) -> None:
    assert path_changes(old, new, 10) is None
    assert "<del>" in change_cell(CellChange("c", old, new), is_personal=False)


def test_null_and_the_empty_text_look_different() -> None:
    assert change_cell(CellChange("c", "", None), is_personal=False) == (
        "<del><i>&#x27;&#x27;</i></del><ins><i>NULL</i></ins>"
    )
    assert "&#x27;NULL&#x27;" in change_cell(CellChange("c", "NULL", Decimal(1)), is_personal=False)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2.2."""

    def luminance(colour: str) -> float:
        shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_text_is_readable_on_each_of_its_backgrounds() -> None:
    style = files("tdmvc.render.review.html").joinpath("review.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    grounds = {
        "text": (
            "ground",
            "panel",
            "raised",
            "red-ground",
            "green-ground",
            "amber-ground",
            "red-mark",
            "green-mark",
            "here",
        ),
        "muted": ("ground", "panel", "raised", "red-ground", "green-ground", "here"),
        "link": ("ground", "panel", "raised", "red-ground", "amber-ground", "here"),
        "red": ("ground", "panel", "raised", "red-ground", "here"),
        "green": ("ground", "panel", "raised", "green-ground", "here"),
        "amber": ("ground", "panel", "raised", "amber-ground"),
    }
    for scheme in (light, dark):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", scheme))
        for text, places in grounds.items():
            for place in places:
                assert contrast(colours[text], colours[place]) >= 4.5, (text, place)


def test_a_dataset_with_findings_only_is_shown() -> None:
    dataset = shop_review().datasets[0]
    quiet = replace(dataset, diff=replace(dataset.diff, tables=()), units=(), shifts=())
    page = render_review_html(Review("a", "b", (quiet,)))
    assert "broken-reference" in page
    assert isinstance(quiet, DatasetReview)
