"""Finds the modules of a Maven or Gradle build whose resources are on the classpath of another module."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.linear import files_in
from tdmvc.migrations.paths import ancestors, base_of, common_folder, folder_of, is_left_out
from tdmvc.model.tree import FileTree

RESOURCES: Final = re.compile(
    r"(?:^|.*/)src/(?:main|[a-z]\w{0,50}Main)/(?:resources|webapp/WEB-INF/classes)(?=/)"
)
"""The folder of resources that a path is inside; Kotlin names one for each platform."""

_BUILD: Final = re.compile(r"pom\.xml|.*\.gradle(?:\.kts)?")
"""A build may read its dependencies from another file next to it."""
_OWN_NAME: Final = re.compile(r"<artifactId>\s*([^<>\s]{1,200})\s*<")
_PARENT: Final = re.compile(r"<parent>.{0,2000}?</parent>", re.DOTALL)
_BLOCKS: Final = re.compile(r"<(dependencies|build|profiles|modules|properties)>")
_DEPENDENCY: Final = re.compile(r"<dependency>(.{0,2000}?)</dependency>", re.DOTALL)
_PROJECT: Final = re.compile(r"\bproject\s*\(\s*(?:path\s*[:=]\s*)?[\"']:?([\w.:-]{1,200})[\"']")
_ACCESSOR: Final = re.compile(r"\bprojects\.([\w.]{1,200})")


@dataclass(frozen=True, slots=True)
class ModuleRoots:
    """The folders of resources of the other modules of a build."""

    dependencies: tuple[str, ...] = ()
    """Those of modules that the build file names, directly or not: they are on the classpath."""
    others: tuple[str, ...] = ()
    """All others, the nearest first: a build that tdmvc cannot read may put them there."""


def find_module_roots(tree: FileTree, paths: Iterable[str], changelog: str) -> ModuleRoots:
    """Return the resources of all modules but the one that a changelog belongs to."""
    matches = {found[0] for path in paths if (found := RESOURCES.match(path)) and not is_left_out(path)}
    modules = {_module_of(root): root for root in sorted(matches, reverse=True)}
    own = _own_module(tree, changelog)
    if not modules.keys() - {own}:
        return ModuleRoots()
    names = {module: _names_of(tree, module) for module in modules}
    reached = [own]
    for module in reached:
        wanted = _dependencies_of(tree, module)
        reached += [other for other in sorted(modules) if other not in reached and names[other] & wanted]
    rest = sorted(
        modules.keys() - set(reached), key=lambda module: (-len(common_folder([module, own])), module)
    )
    return ModuleRoots(
        tuple(modules[module] for module in reached[1:]), tuple(modules[module] for module in rest)
    )


def _module_of(root: str) -> str:
    return f"/{root}".rpartition("/src/")[0].removeprefix("/")


def _own_module(tree: FileTree, changelog: str) -> str:
    found = RESOURCES.match(changelog)
    if found is not None:
        return _module_of(found[0])
    places = ancestors(folder_of(changelog))
    return next((place for place in places if _build_text(tree, place)), places[-1])


def _build_text(tree: FileTree, module: str) -> str:
    builds = [path for path in files_in(tree, module) if _BUILD.fullmatch(base_of(path))]
    return "\n".join(text for _, text in tree.read_texts(builds))


def _names_of(tree: FileTree, module: str) -> set[str]:
    """Return the names by which others depend on a module: its artifact, and the ends of its path in Gradle."""
    parts = module.split("/")
    names = {":".join(parts[position:]).lower() for position in range(len(parts))}
    text = _PARENT.sub("", _build_text(tree, module))
    block = _BLOCKS.search(text)
    artifact = _OWN_NAME.search(text, 0, block.start() if block else len(text))
    return names | ({artifact[1].lower()} if artifact else {base_of(module).lower()})


def _dependencies_of(tree: FileTree, module: str) -> set[str]:
    text = _build_text(tree, module)
    artifacts = (_OWN_NAME.search(found[1]) for found in _DEPENDENCY.finditer(text))
    names = [found[1] for found in artifacts if found]
    names += [found[1] for found in _PROJECT.finditer(text)]
    # `projects.orderStore.core` is the project `:order-store:core`.
    names += [
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", found[1]).replace(".", ":")
        for found in _ACCESSOR.finditer(text)
    ]
    return {name.lower() for name in names}
