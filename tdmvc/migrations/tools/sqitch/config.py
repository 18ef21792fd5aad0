"""Reads from Sqitch's configuration where plans and deploy scripts are."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.paths import folder_of, inside, join
from tdmvc.model.tree import FileTree

CONFIG: Final = "sqitch.conf"
PLAN: Final = "sqitch.plan"

_SECTION: Final = re.compile(r"[ \t]*\[[ \t]*([\w-]+)(?:[ \t]+\"((?:[^\"\\\n]|\\.)*)\")?[ \t]*\].*")
_SETTING: Final = re.compile(r"[ \t]*([A-Za-z][\w-]*)[ \t]*=(.*)")
_ENGINE: Final = re.compile(r"db:(\w+):")


@dataclass(frozen=True, slots=True)
class Project:
    """A plan and the folders of its scripts; paths are relative to the repository root."""

    plan: str
    deploy: str
    reworked: str
    """The folder of scripts of changes that were reworked later."""
    extension: str = "sql"


def default_project(plan: str) -> Project:
    """Return the project of a plan that no configuration names."""
    deploy = inside(folder_of(plan), "deploy")
    return Project(plan, deploy, deploy)


def read_projects(tree: FileTree, paths: Iterable[str]) -> Iterator[Project]:
    """Yield the projects in configuration files: Sqitch's default, `core`, then all engines and targets."""
    for path, text in tree.read_texts(paths):
        for values in _merged(_parse(text)):
            yield from _project(folder_of(path), values)


def _merged(sections: dict[tuple[str, str], dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield the settings of each target and engine; a target overrides its engine, which overrides the core."""
    core = sections.get(("core", ""), {})
    engines = {name: values for (kind, name), values in sections.items() if kind == "engine"}
    targets = {name: values for (kind, name), values in sections.items() if kind == "target"}

    def of_engine(name: str) -> dict[str, str]:
        return {**core, **engines.get(name, {})}

    def of_target(name: str) -> dict[str, str]:
        values = targets.get(name, {})
        uri = _ENGINE.match(values.get("uri", name))
        return {**of_engine(uri[1] if uri else ""), **values}

    engine = core.get("engine", "")
    target = core.get("target") or engines.get(engine, {}).get("target")
    yield of_target(target) if target else of_engine(engine)
    yield core
    yield from map(of_engine, engines)
    yield from map(of_target, targets)


def _project(folder: str, values: dict[str, str]) -> Iterator[Project]:
    """Yield the project that settings describe, unless one of its paths leaves the repository."""

    def path(key: str, parent: str | None, name: str) -> str | None:
        if values.get(key):
            return join(folder, values[key])
        return None if parent is None else inside(parent, name)

    top = join(folder, values.get("top_dir") or ".")
    reworked_top = join(folder, values["reworked_dir"]) if values.get("reworked_dir") else top
    plan = path("plan_file", top, PLAN)
    deploy = path("deploy_dir", top, "deploy")
    reworked = path("reworked_deploy_dir", reworked_top, "deploy")
    if top is not None and plan and deploy is not None and reworked is not None and reworked_top is not None:
        yield Project(plan, deploy, reworked, values.get("extension") or "sql")


def _parse(text: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return the settings of a file in the format of `git config`, by section."""
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
