"""Build the site of the documentation from the Markdown files, at the places that they have in the repository.

`make docs-site` runs it in an environment of its own, without the network. Links and anchors that lead nowhere fail.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build" / "site-pages"
_LINK = re.compile(r"(?<!!)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_FENCED = re.compile(r"(^```.*?^```|`[^`\n]*`)", re.DOTALL | re.MULTILINE)


def tracked() -> list[str]:
    """Return the files of the documentation that Git knows or would add."""
    patterns = ["docs", "examples", ":(glob)*.md"]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in found.split("\0") if name and (ROOT / name).is_file())


def links(text: str) -> list[str]:
    """Return the relative paths that a page links to, outside of code."""
    plain = _FENCED.sub(lambda found: "`" * found[0].count("`"), text)
    return [
        found[1]
        for found in _LINK.finditer(plain)
        if "://" not in found[1] and not found[1].startswith("mailto:")
    ]


def collect() -> None:
    """Copy the pages, and the files that they show or link to."""
    shutil.rmtree(PAGES, ignore_errors=True)
    names = tracked()
    wanted = {name for name in names if name.endswith((".md", ".png"))}
    for name in sorted(wanted):
        if name.endswith(".md"):
            folder = (ROOT / name).parent
            for link in links((ROOT / name).read_text(encoding="utf-8")):
                target = (folder / link).resolve()
                if target.is_file() and target.is_relative_to(ROOT):
                    wanted.add(str(target.relative_to(ROOT)))
    for name in wanted:
        (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, PAGES / name)


if __name__ == "__main__":
    collect()
    # Not --quiet, with which MkDocs counts no warnings, and passes.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"]
    # Material tells of its successor at each start (docs/decisions/0111).
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    sys.exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
