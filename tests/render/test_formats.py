"""Every command's formats are in a registry, and every renderer in a subject's folder is in the subject's registry."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import tdmvc.render.reports
from tdmvc.render import diff, drift, history, merge, migrations, review
from tdmvc.render.format import OutputFormat
from tdmvc.render.merge import check
from tdmvc.render.reports.install import INSTALLED, UNINSTALLED

REPORTS = [
    import_module(f"tdmvc.render.reports.{one.name}") for one in iter_modules(tdmvc.render.reports.__path__)
]
NAMES = {*review.FORMATS, *history.BLAME_FORMATS}
REGISTRIES = {
    f"{room.__name__}.{name}": formats
    for room in (review, drift, check, diff, migrations, history, merge, *REPORTS)
    for name, formats in vars(room).items()
    if name.endswith("FORMATS")
}


@pytest.mark.parametrize(
    ("folder", "formats"),
    [
        ("review", review.FORMATS),
        ("drift", drift.FORMATS),
        ("merge/check", check.FORMATS),
        ("diff", diff.FORMATS),
        ("migrations", migrations.FORMATS),
    ],
)
def test_every_renderer_of_a_subject_is_in_its_registry(
    folder: str, formats: Mapping[str, OutputFormat[Any]]
) -> None:
    root = Path(tdmvc.render.__file__).parent / folder
    renderers = {path.stem for path in root.iterdir() if path.stem in NAMES}
    assert renderers <= formats.keys()
    assert formats.keys() - {"json"} <= renderers


@pytest.mark.parametrize("formats", REGISTRIES.values(), ids=REGISTRIES)
def test_the_terminal_comes_first_and_each_format_has_its_own_name(
    formats: Mapping[str, OutputFormat[Any]],
) -> None:
    assert list(formats)[:2] == ["terminal", "json"]
    assert [name for name, one in formats.items() if one.is_for_terminal] == ["terminal"]
    assert all(one.name == name for name, one in formats.items())


@pytest.mark.parametrize("folder", ["diff", "drift", "history", "merge", "migrations", "reports"])
def test_every_function_that_renders_a_report_is_in_a_registry(folder: str) -> None:
    registered = {one.render for formats in REGISTRIES.values() for one in formats.values()}
    registered |= {INSTALLED.render, UNINSTALLED.render}
    root = Path(tdmvc.render.__file__).parents[2]
    for path in (root / "tdmvc" / "render" / folder).rglob("*.py"):
        module = import_module(".".join(path.relative_to(root).with_suffix("").parts))
        own = {value for name, value in vars(module).items() if name.startswith("render")}
        assert own <= registered, path
