"""Takes the pictures of docs/images: `python docs/screenshots.py [FOLDER]`; needs Playwright and a Chromium.

It also prints how far down each review its first error, its first removal and its first table are.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tdmvc.render.review.html.review import render_review_html  # noqa: E402
from tests.render.html_samples import shop_review  # noqa: E402
from tests.render.picture_samples import many_tables_review, small_review  # noqa: E402

IMAGES = ROOT / "docs" / "images"
REVIEWS = {"shop": shop_review, "many": many_tables_review, "small": small_review}
WIDE, PHONE, PAPER = (1440, 1000), (390, 844), (794, 1123)
PICTURES = {
    "review-light": ("shop", WIDE, "light", "screen"),
    "review-dark": ("shop", WIDE, "dark", "screen"),
    "review-light-mobile": ("shop", PHONE, "light", "screen"),
    "review-dark-mobile": ("shop", PHONE, "dark", "screen"),
    "review-many": ("many", WIDE, "light", "screen"),
    "review-many-dark": ("many", WIDE, "dark", "screen"),
    "review-many-phone": ("many", PHONE, "light", "screen"),
    "review-many-print": ("many", PAPER, "light", "print"),
    "review-small": ("small", WIDE, "light", "screen"),
    "review-small-phone": ("small", PHONE, "light", "screen"),
}
PLACES = {
    "verdict": "header .badge",
    "compared": ".commits, .sides",
    "first error": ".findings .error",
    "removed": ".losses",
    "table": "details.table",
}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]


def main(images: Path) -> None:
    """Draw the first screen of each sample review."""
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        files = {name: Path(folder) / f"{name}.html" for name in REVIEWS}
        for name, review in REVIEWS.items():
            files[name].write_text(render_review_html(review()), encoding="utf-8")
        for picture in PICTURES:
            draw(browser, files, images, picture)
        browser.close()


def draw(browser: Browser, files: dict[str, Path], images: Path, picture: str) -> None:
    """Draw one picture, and print what is where on the page."""
    name, (width, height), scheme, medium = PICTURES[picture]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1,
    )
    page.goto(files[name].as_uri())
    page.emulate_media(media="print" if medium == "print" else "screen")
    page.screenshot(path=images / f"{picture}.png")
    print(f"{picture}: " + ", ".join(f"{words} {top(page, where)}" for words, where in PLACES.items()))
    page.close()


def top(page: Page, where: str) -> str:
    """Return how many pixels below the top of the page an element begins."""
    box = page.locator(where).first.bounding_box() if page.locator(where).count() else None
    return f"{box['y']:,.0f} px" if box else "none"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else IMAGES)
