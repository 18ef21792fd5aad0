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
    reworked: str
    """Where the scripts of the earlier ones of reworked changes are."""
    extension: str = "sql"


def default_project(plan: str) -> Project:
    """Return the project of a plan that no configuration names."""
    deploy = inside(folder_of(plan), "deploy")
    return Project(plan, deploy, deploy)


def read_projects(tree: FileTree, paths: Iterable[str]) -> Iterator[Project]:
    """Yield the projects that configuration files name: Sqitch's own choice, `core`, then all engines and targets."""
    for path, text in tree.read_texts(paths):
        for values in _merged(_parse(text)):
            yield from _project(folder_of(path), values)


def _merged(sections: dict[tuple[str, str], dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield the settings of each way to deploy; a target's go before its engine's, and these before the core's."""
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
    """Yield the project that settings describe, none where a path of it leaves the repository."""

    def named(key: str, default: str) -> str:
        found = join(folder, values[key]) if values.get(key) else default
        if found is None:
            raise _LeavesTheRepositoryError
        return found

    try:
        top = named("top_dir", folder)
        plan = named("plan_file", inside(top, PLAN))
        deploy = named("deploy_dir", inside(top, "deploy"))
        reworked = named("reworked_deploy_dir", inside(named("reworked_dir", top), "deploy"))
    except _LeavesTheRepositoryError:
        return
    if plan:
        yield Project(plan, deploy, reworked, values.get("extension") or "sql")


class _LeavesTheRepositoryError(Exception):
    """A path of a project lies outside."""


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
