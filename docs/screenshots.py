"""Takes the pictures of docs/images: `python docs/screenshots.py`; needs Playwright and a Chromium."""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tdmvc.render.review.html.review import render_review_html  # noqa: E402
from tests.render.html_samples import shop_review  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SIZES = {"": (1440, 1000), "-mobile": (390, 844)}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]


def main(images: Path, *, is_full_page: bool) -> None:
    """Draw the sample review in light and dark, wide and narrow."""
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "review.html"
        page_file.write_text(render_review_html(shop_review()), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for scheme in ("light", "dark"):
            for suffix, (width, height) in SIZES.items():
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1
                )
                page.goto(page_file.as_uri())
                page.screenshot(path=images / f"review-{scheme}{suffix}.png", full_page=is_full_page)
                page.close()
        browser.close()


if __name__ == "__main__":
    full = sys.argv[1:] == ["--full"]
    main(Path(tempfile.gettempdir()) / "review-images" if full else IMAGES, is_full_page=full)
