"""Knows where Sqitch's configuration says that plans and deploy scripts lie."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.layout import folder_of, inside, join
from tdmvc.model.tree import FileTree

CONFIG: Final = "sqitch.conf"
PLAN: Final = "sqitch.plan"

_SECTION: Final = re.compile(r"[ \t]*\[[ \t]*([\w-]+)(?:[ \t]+\"((?:[^\"\\\n]|\\.)*)\")?[ \t]*\].*")
_SETTING: Final = re.compile(r"[ \t]*([A-Za-z][\w-]*)[ \t]*=(.*)")
_ENGINE: Final = re.compile(r"db:(\w+):")


@dataclass(frozen=True, slots=True)
class Project:
    """A plan and where its scripts are; paths are relative to the repository root."""

    plan: str
    deploy: str
    extension: str = "sql"


def default_project(plan: str) -> Project:
    """Return the project of a plan that no configuration names."""
    return Project(plan, inside(folder_of(plan), "deploy"))


def read_projects(tree: FileTree, paths: Iterable[str]) -> Iterator[Project]:
    """Yield the projects that configuration files name: of `core` first, then those of engines and targets."""
    for path, text in tree.read_texts(paths):
        sections = _parse(text)
        core = sections.pop(("core", ""), {})
        yield from _project(folder_of(path), core)
        engines = {name: values for (kind, name), values in sections.items() if kind == "engine"}
        for (kind, _), values in sections.items():
            if kind == "engine":
                yield from _project(folder_of(path), {**core, **values})
            elif kind == "target":
                match = _ENGINE.match(values.get("uri", ""))
                engine = engines.get(match[1], {}) if match else {}
                yield from _project(folder_of(path), {**core, **engine, **values})


def _project(folder: str, values: dict[str, str]) -> Iterator[Project]:
    top = join(folder, values.get("top_dir", ".") or ".")
    if top is None:
        return
    plan = join(folder, values["plan_file"]) if values.get("plan_file") else inside(top, PLAN)
    deploy = join(folder, values["deploy_dir"]) if values.get("deploy_dir") else inside(top, "deploy")
    if plan and deploy is not None:
        yield Project(plan, deploy, values.get("extension") or "sql")


def _parse(text: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return the settings by section, as `git config` writes them."""
    sections: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    current = ("", "")
    for line in text.splitlines():
        if match := _SECTION.fullmatch(line):
            current = match[1].lower(), match[2] or ""
        elif match := _SETTING.fullmatch(line):
            sections[current][match[1].lower()] = _value(match[2])
    return sections


def _value(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:].partition('"')[0])
    return re.split(r"[;#]", text, maxsplit=1)[0].strip()
