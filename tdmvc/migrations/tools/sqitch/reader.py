"""Reads Sqitch's migrations: a plan that lists changes, each with a deploy script."""

from bisect import bisect_right
from collections import Counter

from tdmvc.migrations.base import Reading, unreadable
from tdmvc.migrations.linear import finish_listed
from tdmvc.migrations.migration_table import nth_time
from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside, is_inside, join, own_files
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.migrations.tools.sqitch.config import CONFIG, PLAN, Project, default_project, read_projects
from tdmvc.migrations.tools.sqitch.plan import Change, Plan, parse_plan
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree


class SqitchReader:
    """Reads a plan and its deploy scripts; the last change is the head."""

    name = "sqitch"

    def detect(self, tree: FileTree) -> list[str]:
        """Find plans that a configuration names, and files called `sqitch.plan`."""
        paths = own_files(tree)
        configs = [path for path in paths if base_of(path) == CONFIG]
        plans = {project.plan for project in read_projects(tree, configs)}.intersection(paths)
        plans.update(path for path in paths if base_of(path) == PLAN)
        return [folder_of(p) if base_of(p) == PLAN else p for p in plans]

    def read(self, reading: Reading) -> MigrationState:
        """Read a location that is a plan, its folder, or the folder of the configuration.

        The id of a change that was reworked later is `name@tag`, as in the name of its script.
        """
        project = _choose_project(reading)
        plan = parse_plan(project.plan, reading.tree.read_text(project.plan) or "")
        if not plan.changes:
            raise reading.nothing_found("a change in the plan")
        present = {*reading.tree.list_files(project.deploy), *reading.tree.list_files(project.reworked)}
        ids = [_id(project, change, present) for change in plan.changes]
        scripts = [_script(project, id_, change) for id_, change in zip(ids, plan.changes, strict=True)]
        texts = dict(reading.tree.read_texts(path for path in scripts if path in present))
        references = _References(plan, ids)
        times: Counter[str] = Counter()
        for position, change in enumerate(plan.changes):
            path, id_ = scripts[position], ids[position]
            if path not in texts:
                fault = f"lists {change.name}, but there is no {path}."
                reading.add_file_problem(project.plan, fault, line=change.line)
            text = texts.get(path, "")
            parents: list[str] = []
            for reference in change.requires:
                parent = references.find(reference, position)
                if parent is None:
                    message = f"{change.name} requires '{reference}', which is not before it."
                    message = f"{project.plan}, line {change.line}: {message}"
                    reading.add_problem("dangling-parent", message, project.plan)
                parents.append(reference if parent is None else parent)
            title = change.note or change.name
            times[change.name] += 1
            known_as = nth_time(change.name, times[change.name])
            migration = Migration(id_, title, path, tuple(parents), sql_tables(text), aliases=(known_as,))
            reading.add(migration, text)
        for change in plan.repeated:
            message = (
                f"{project.plan}, line {change.line}, lists {change.name} again, without a tag in between."
            )
            reading.add_problem("duplicate-id", message, project.plan)
        return finish_listed(reading)


class _References:
    """Resolves references to the changes of a plan."""

    def __init__(self, plan: Plan, ids: list[str]) -> None:
        self._ids = ids
        self._positions: dict[str, list[int]] = {}
        self._tags: dict[str, int] = {}
        for position, change in enumerate(plan.changes):
            self._positions.setdefault(change.name, []).append(position)
            for tag in change.tags:
                self._tags[tag] = position

    def find(self, reference: str, position: int) -> str | None:
        """Return the id of the change that one at `position` refers to, or None if it is not before it."""
        name, _, tag = reference.partition("@")
        latest = position - 1
        if tag:
            if tag not in self._tags:
                return None
            latest = min(latest, self._tags[tag])
        if not name:
            return self._ids[latest] if latest >= 0 else None
        positions = self._positions.get(name, [])
        before = bisect_right(positions, latest)
        return self._ids[positions[before - 1]] if before else None


def _id(project: Project, change: Change, present: set[str]) -> str:
    tagged = [f"{change.name}@{tag}" for tag in change.rework_tags]
    if not tagged:
        return change.name
    return next((id_ for id_ in tagged if _script(project, id_, change) in present), tagged[0])


def _script(project: Project, id_: str, change: Change) -> str:
    folder = project.reworked if change.rework_tags else project.deploy
    path = join(folder, f"{id_}.{project.extension}")
    if path is None or not is_inside(path, folder):
        raise unreadable(project.plan, f"'{id_}' would be outside of {folder}", line=change.line)
    return path


def _choose_project(reading: Reading) -> Project:
    """Return the project of a location, with the script folder from its configuration."""
    tree, path = reading.tree, reading.path
    if path and tree.read_text(path) is not None and base_of(path) != CONFIG:
        return _configured(tree, path)
    folder = folder_of(path) if base_of(path) == CONFIG else path
    plan = inside(folder, PLAN)
    if tree.read_text(plan) is not None:
        return _configured(tree, plan)
    named = read_projects(tree, [inside(folder, CONFIG)])
    projects = {project.plan: project for project in named if tree.read_text(project.plan) is not None}
    if not projects:
        raise reading.nothing_found(f"a {PLAN}, or a {CONFIG} that names one")
    if len(projects) > 1:
        raise reading.several_found("plans", projects)
    return _configured(tree, next(iter(projects)))


def _configured(tree: FileTree, plan: str) -> Project:
    configs = [inside(folder, CONFIG) for folder in ancestors(folder_of(plan))]
    named = [project for project in read_projects(tree, configs) if project.plan == plan]
    candidates = [*named, default_project(plan)]
    # Engines may share a plan and have their own scripts; the first ones that exist are read.
    return next((project for project in candidates if tree.list_files(project.deploy)), candidates[0])
