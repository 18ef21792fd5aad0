"""The result of `install` on a terminal: what was written, and what to try next."""

from tdmvc.model.report import GitSetup
from tdmvc.render.cells import visible
from tdmvc.render.format import OutputFormat, RenderOptions
from tdmvc.render.page import Page, Step


def render_installed(setup: GitSetup, options: RenderOptions) -> str:
    """Return what `install` wrote, as text that ends in a newline."""
    page = Page(options)
    has_written = bool(setup.settings) or setup.attributes_changed
    words = f"Git shows and merges rows in {visible(setup.root)}" + (
        "" if has_written else "; it was already set up"
    )
    page.verdict("Installed", words, page.style.green)
    page.facts(
        [
            ("git config", ", ".join(setup.settings)),
            ("wrote", ".gitattributes" if setup.attributes_changed else ""),
        ]
    )
    if not setup.is_effective:
        page.line(
            "Another line in .gitattributes or .git/info/attributes sets another driver for the pointers, "
            "so Git does not call tdmvc. Remove that line.",
            page.style.yellow,
        )
    steps = [
        Step("git diff", "rows that changed since the last `git add`"),
        Step("git log -p", "the history of rows; with --ext-diff also of large tables"),
        Step("git merge BRANCH", "merge the rows of both sides; `tdmvc resolve` handles conflicts"),
    ]
    if setup.attributes_changed:
        steps.insert(
            0,
            Step(
                "git add .gitattributes && git commit", "for the team; run tdmvc install once in each clone"
            ),
        )
    page.next(steps)
    return page.text


def render_uninstalled(setup: GitSetup, options: RenderOptions) -> str:
    """Return what `install --uninstall` removed, as text that ends in a newline."""
    page = Page(options)
    has_written = bool(setup.settings) or setup.attributes_changed
    words = f"Git shows pointers again in {visible(setup.root)}"
    page.verdict("Uninstalled", words if has_written else "there was nothing to remove", page.style.green)
    page.facts(
        [
            ("git config", ", ".join(setup.settings)),
            ("wrote", ".gitattributes" if setup.attributes_changed else ""),
            ("kept", ", ".join(setup.kept) + " (not tdmvc's)" if setup.kept else ""),
        ]
    )
    if setup.attributes_changed:
        page.next(
            [Step("git checkout .gitattributes", "restore it if only this clone should do without tdmvc")]
        )
    return page.text


INSTALLED: OutputFormat[GitSetup] = OutputFormat("terminal", render_installed, is_for_terminal=True)


UNINSTALLED: OutputFormat[GitSetup] = OutputFormat("terminal", render_uninstalled, is_for_terminal=True)
