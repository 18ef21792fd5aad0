"""The HTML page of a validation in a real browser: the verdict and the first broken rule come first, at any width."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tdmvc.model.validation import ValidationReport
from tdmvc.render.format import RenderOptions
from tdmvc.render.validation import FORMATS
from tests.render.validation_samples import EVERY_KIND, VALID, hostile, large

WIDTHS = (390, 768, 1280)


@pytest.mark.parametrize(
    "reports",
    [(VALID, EVERY_KIND), (hostile(),), (large(),)],
    ids=["broken", "hostile", "200 tables with long texts"],
)
def test_the_first_screen_has_the_verdict_and_the_first_broken_rule(
    browser: Browser, tmp_path: Path, reports: tuple[ValidationReport, ...]
) -> None:
    file = tmp_path / "page.html"
    file.write_text(FORMATS["html"].render(reports, RenderOptions()), encoding="utf-8")
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for first in (page.locator("header .badge"), page.locator(".rule-card code").first):
            box = first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 500
        # What is wrong is seen without scrolling to the side.
        wrong = page.locator("td.wrong").first.bounding_box()
        assert wrong is not None
        assert wrong["x"] + wrong["width"] <= width
    page.close()
    assert complaints == []


def test_nothing_is_cut_off_on_paper(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(FORMATS["html"].render((large(),), RenderOptions()), encoding="utf-8")
    page = browser.new_page(viewport={"width": 720, "height": 1000})
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 720
    assert page.locator(".side").is_hidden()
    page.close()
