"""The HTML page of a review in a real browser: it opens, filters, moves, links, and runs nothing from data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tdmvc.model.review import Review
from tdmvc.render.review.html.review import render_review_html
from tests.render.html_samples import SECRET, big_review, hostile_review, shop_review
from tests.render.picture_samples import LONG_TEXT, many_tables_review
from tests.series import sample_of


@dataclass
class Opened:
    """A page in the browser, and all it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def rows(self, table: str = "") -> Locator:
        """The rows that are seen."""
        inside = f'details[id="{table}"] ' if table else ""
        return self.page.locator(f"{inside}tr[id]:visible")


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write each sample once."""
    folder = tmp_path_factory.mktemp("pages")
    samples: dict[str, Callable[[], Review]] = {
        "shop": shop_review,
        "hostile": hostile_review,
        "big": big_review,
        "many": many_tables_review,
    }

    def path(name: str) -> Path:
        file = folder / f"{name}.html"
        if not file.exists():
            file.write_text(render_review_html(samples[name]()), encoding="utf-8")
        return file

    return path


@pytest.fixture
def open_page(browser: Browser, files: Callable[[str], Path]) -> Iterator[Open]:
    """Open a sample; a test fails if the page complains or asks the network for anything."""
    opened: list[Opened] = []

    def open_(
        name: str = "shop",
        anchor: str = "",
        *,
        has_script: bool = True,
        width: int = 1440,
        scheme: str = "light",
    ) -> Opened:
        page = browser.new_page(
            java_script_enabled=has_script,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.set_default_timeout(8_000)
        this = Opened(page)
        page.on("console", lambda message: this.complaints.append(message.text))
        page.on("pageerror", lambda error: this.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (this.complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: this.requests.append(request.url))
        page.goto(files(name).as_uri() + (f"#{anchor}" if anchor else ""))
        opened.append(this)
        return this

    yield open_
    for this in opened:
        this.page.close()
        assert not this.complaints
        assert all(url.startswith(("file:", "data:")) for url in this.requests)


def test_the_page_opens_and_shows_the_verdict_first(open_page: Open) -> None:
    page = open_page().page
    expect(page.locator("header .badge")).to_have_text("blocked")
    expect(page.get_by_text("Blocking: 1 error")).to_be_in_viewport()


def test_the_filter_narrows_rows_and_says_how_many_are_left(open_page: Open) -> None:
    this = open_page()
    before = this.rows().count()
    this.page.keyboard.press("/")
    expect(this.page.get_by_label("Filter rows")).to_be_focused()
    this.page.keyboard.type("10002")
    expect(this.rows()).to_have_count(3)
    assert before > 50
    expect(this.page.locator("header [role=status]")).to_have_text("match 1 of 3 in 68 shown (440 in all)")
    expect(this.page.locator('details[id="golden/customers"]')).to_be_hidden()
    this.page.keyboard.press("Escape")
    expect(this.rows()).to_have_count(before)


def test_the_filter_scrolls_to_each_match_and_its_hint_never_covers_what_you_type(open_page: Open) -> None:
    page = open_page("many").page
    expect(page.locator(".search kbd")).to_be_visible()
    page.get_by_label("Filter rows").fill("customer_note number 1")
    status = page.locator("header [role=status]")
    expect(status).to_contain_text("match 1 of ")
    here = page.locator("tr.here")
    expect(here).to_be_in_viewport()
    first = here.get_attribute("id")
    assert first is not None
    assert first.startswith("golden/customer_note")
    page.keyboard.press("Enter")
    expect(status).to_contain_text("match 2 of ")
    expect(here).to_be_in_viewport()
    assert here.get_attribute("id") != first
    page.get_by_role("button", name="Previous match").click()
    expect(status).to_contain_text("match 1 of ")
    # The focus has left the filter, its text is still there.
    expect(page.locator(".search kbd")).to_be_hidden()


def test_a_filter_opens_folded_tables_and_closes_them_again(open_page: Open) -> None:
    page = open_page("many").page
    table = page.locator("details.table:not([open])").last
    name = (table.get_attribute("id") or "").split("/")[1]
    page.get_by_label("Filter rows").fill(name)
    where = page.locator(f'details[id="golden/{name}"]')
    expect(where).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(where).not_to_have_attribute("open", "")


def test_each_row_has_a_link_to_paste_that_opens_its_folded_table(
    open_page: Open, files: Callable[[str], Path]
) -> None:
    page = open_page("many").page
    assert page.locator("tbody tr[id]").count() == page.locator("tr[id] a.at").count()
    link = page.locator("details.table:not([open]) a.at").last
    address = link.get_attribute("href") or ""
    other = open_page("many", address[1:].replace("/", "%2F")).page
    row = other.locator(f'[id="{address[1:]}"]')
    expect(row).to_be_in_viewport()
    row.locator("a.at").click()
    expect(other.locator(".toast")).to_contain_text(f"Copied {files('many').name}{address}")
    assert other.url.endswith(address)
    # Without a script, the link is an ordinary one.
    expect(
        open_page("many", address[1:], has_script=False).page.locator(f'[id="{address[1:]}"]')
    ).to_be_attached()


@pytest.mark.parametrize("has_script", [True, False])
def test_a_long_text_and_json_can_be_read_in_full_in_place(open_page: Open, has_script: bool) -> None:
    page = open_page("many", has_script=has_script).page
    row = page.locator(".grid.removed tr[id]").first
    text, tree = row.locator("details.full").nth(0), row.locator("details.full").nth(1)
    text.locator("summary").click()
    assert text.locator("pre").text_content() == LONG_TEXT
    tree.locator("summary").first.click()
    expect(tree.get_by_text("'A-11'")).to_be_visible()
    tree.locator("summary", has_text="items").click()
    expect(tree.get_by_text("'A-11'")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_first_screen_has_the_verdict_the_commits_and_the_first_error_of_200_tables(
    open_page: Open, width: int
) -> None:
    page = open_page("many", width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for where in ("header .badge", ".commits", ".sum", ".findings .error"):
        box = page.locator(where).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 600, where
    tops = [
        page.locator(where).first.evaluate("el => el.offsetTop")
        for where in (".found", ".losses", ".pair", ".table")
    ]
    assert tops == sorted(tops)


def test_paper_has_everything_open_and_nothing_to_press(open_page: Open) -> None:
    page = open_page(width=794).page
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    for where in (".side", ".search", "a.at", ".cmd button", ".toast"):
        expect(page.locator(where).first).to_be_hidden()
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(el => el.scrollWidth > el.clientWidth + 1).length"
    )
    assert cut == 0
    expect(page.locator("details.unit ul").first).to_be_visible()


def test_the_keyboard_reaches_the_review_the_filter_and_the_links_in_this_order(open_page: Open) -> None:
    page = open_page().page
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
    assert seen == ["Skip to the review", "Filter rows", "Keyboard shortcuts", "golden"]
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, a, input, summary')].filter("
        "el => !(el.getAttribute('aria-label') || el.textContent.trim() || el.labels?.length)).length"
    )
    assert unnamed == 0


def test_the_filter_accepts_the_name_of_a_table_too(open_page: Open) -> None:
    this = open_page()
    this.page.get_by_label("Filter rows").fill("customers 961")
    expect(this.rows()).to_have_count(1)


def test_a_pattern_shows_its_rows_only_and_a_second_click_all_again(open_page: Open) -> None:
    this = open_page()
    rows = this.rows("golden/orders")
    before = rows.count()
    chip = this.page.get_by_role("button", name="pending → on_hold")
    chip.click()
    expect(rows).to_have_count(2)
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(this.page.locator("td.hit")).to_have_count(2)
    assert this.rows("golden/order_items").count() == 7
    chip.click()
    expect(rows).to_have_count(before)


def test_a_related_row_opens_and_leads_to_its_row(open_page: Open) -> None:
    page = open_page().page
    unit = page.locator("details.unit").first
    link = unit.locator('a[href="#golden/order_items/10002,2"]')
    expect(link).to_be_hidden()
    unit.locator("summary").click()
    link.click()
    expect(page.locator('[id="golden/order_items/10002,2"]')).to_be_in_viewport()
    expect(page.locator('[id="golden/order_items/10002,2"]')).to_have_class("here")


def test_an_address_with_a_row_shows_and_opens_that_row(open_page: Open) -> None:
    page = open_page(anchor="golden/orders/10142").page
    row = page.locator('[id="golden/orders/10142"]')
    expect(row).to_be_in_viewport()
    expect(row).to_have_class("here")
    page.locator('details[id="golden/products"] > summary').click()
    expect(page.locator('[id="golden/products/TEA-004"]')).to_be_hidden()
    page.evaluate("location.hash = '#golden/products/TEA-004'")
    expect(page.locator('[id="golden/products/TEA-004"]')).to_be_in_viewport()


def test_an_address_of_a_row_that_is_not_shown_leads_to_its_table(open_page: Open) -> None:
    page = open_page(anchor="golden/orders/999999").page
    expect(page.locator('details[id="golden/orders"]')).to_be_in_viewport()
    expect(page.get_by_text("That row is not on this page")).to_be_visible()


def test_j_and_k_move_from_change_to_change_and_n_from_table_to_table(open_page: Open) -> None:
    page = open_page().page
    here = page.locator(".here")
    for key, expected in (
        ("j", "golden/payments"),
        ("j", "golden/order_items/10002,1"),
        ("j", "golden/order_items/10002,2"),
        ("k", "golden/order_items/10002,1"),
        ("n", "golden/orders"),
        ("j", "golden/orders/10002"),
    ):
        page.keyboard.press(key)
        expect(here).to_have_attribute("id", expected)
        expect(here).to_be_in_viewport()
    assert page.url.endswith("#golden/orders/10002")


def test_a_question_mark_opens_the_help_and_closes_it(open_page: Open) -> None:
    page = open_page().page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_unchanged_columns_are_folded_until_you_open_them(open_page: Open) -> None:
    page = open_page().page
    cell = page.locator('[id="golden/orders/10012"] td.u').first
    expect(cell).to_be_hidden()
    page.locator('details[id="golden/orders"] .changed label').click()
    expect(cell).to_be_visible()


def test_keys_stay_visible_when_a_wide_table_scrolls(open_page: Open) -> None:
    page = open_page(width=700).page
    scroll = page.locator('details[id="golden/order_items"] .removed .scroll')
    scroll.scroll_into_view_if_needed()
    scroll.evaluate("el => { el.style.width = '260px'; el.scrollLeft = 150; }")
    page.wait_for_timeout(100)
    lefts = scroll.evaluate(
        "el => [...el.querySelectorAll('tbody tr:first-child th')].map("
        "th => th.getBoundingClientRect().left - el.getBoundingClientRect().left)"
    )
    widths = scroll.evaluate("el => el.querySelector('tbody th').getBoundingClientRect().width")
    assert lefts[0] == pytest.approx(1, abs=1)
    assert lefts[1] == pytest.approx(widths + 1, abs=1.5)


def test_without_javascript_every_row_can_be_read(open_page: Open) -> None:
    this = open_page(has_script=False)
    page = this.page
    assert this.rows().count() == 68
    expect(page.get_by_label("Filter rows")).to_be_hidden()
    expect(page.locator('[id="golden/orders/10002"]')).to_contain_text("cancelled")
    page.locator("details.unit summary").first.click()
    expect(page.locator("details.unit ul").first).to_be_visible()


@pytest.mark.parametrize(("name", "width"), sample_of(product(["shop", "hostile"], [390, 768, 1440]), 2))
def test_nothing_is_wider_than_the_window(open_page: Open, name: str, width: int) -> None:
    page = open_page(name, width=width, scheme="dark").page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_values_stay_text(open_page: Open) -> None:
    page = open_page("hostile").page
    expect(page.locator("main").get_by_text("<script>alert(1)</script>").first).to_be_attached()
    assert (
        page.evaluate("document.querySelectorAll('img, main script, main svg:not(.draw svg), iframe').length")
        == 0
    )
    assert page.evaluate(
        "[...document.querySelectorAll('[href]')].every(a => /^(#|data:,$)/.test(a.getAttribute('href')))"
    )
    assert "49" not in page.locator("main").inner_text().split()
    page.get_by_label("Filter rows").fill("<svg/onload=alert(6)>")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.wait_for_timeout(150)


def test_a_personal_value_is_nowhere_in_the_document(open_page: Open) -> None:
    page = open_page().page
    assert SECRET not in page.content()
    page.get_by_label("Filter rows").fill("private")
    expect(page.locator("tr[id]:visible")).to_have_count(0)


def test_a_big_review_is_small_loads_and_filters_quickly(
    open_page: Open, files: Callable[[str], Path]
) -> None:
    assert files("big").stat().st_size < 5_000_000
    page = open_page("big").page
    rows = page.evaluate("document.querySelectorAll('tr[id]').length")
    assert 10_000 < rows < 100_000
    expect(page.get_by_text("To stay small, this page leaves out:")).to_be_visible()
    counter = page.locator('details[id="golden/table_007"] .changed .note')
    assert "of 81,230 changed rows" in (counter.text_content() or "")
    milliseconds = page.evaluate(
        """async () => {
          const input = document.querySelector("input[type=search]");
          const tally = document.querySelector("header [role=status]");
          const start = performance.now();
          input.value = "table_007 state-3";
          input.dispatchEvent(new Event("input"));
          while (!tally.textContent) await new Promise((done) => setTimeout(done, 5));
          document.body.offsetHeight;
          return performance.now() - start;
        }"""
    )
    assert milliseconds < 3_000
    shown = page.evaluate("document.querySelectorAll('details.table:not([hidden])').length")
    assert shown == 1
    expect(page.locator("header [role=status]")).to_contain_text(f"in {rows:,} shown (16,246,000 in all)")
