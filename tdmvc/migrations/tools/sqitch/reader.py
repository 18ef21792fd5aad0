"""Knows how Sqitch keeps migrations: a plan lists changes, each with a script that deploys it."""

from bisect import bisect_right

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading, misunderstood, nothing_found
from tdmvc.migrations.layout import (
    ancestors,
    base_of,
    folder_of,
    inside,
    is_inside,
    is_left_out,
    join,
    plain_folder,
)
from tdmvc.migrations.listed import finish_listed
from tdmvc.migrations.tools.sqitch.config import CONFIG, PLAN, Project, default_project, read_projects
from tdmvc.migrations.tools.sqitch.plan import Change, Plan, parse_plan
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree


class SqitchReader:
    """Reads a plan and its deploy scripts; the last change is the head."""

    name = "sqitch"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find the plans that configuration names, and files called `sqitch.plan`."""
        paths = [path for path in tree.list_files() if not is_left_out(path)]
        present = set(paths)
        plans = {path for path in paths if base_of(path) == PLAN}
        configs = [path for path in paths if base_of(path) == CONFIG]
        plans.update(project.plan for project in read_projects(tree, configs) if project.plan in present)
        return [
            MigrationLocation(
                self.name, self.name, (folder_of(plan) or ".") if base_of(plan) == PLAN else plan
            )
            for plan in sorted(plans)
        ]

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location that is a plan, its folder, or the folder of the configuration.

        The earlier ones of reworked changes go by `name@tag`, as their scripts do.

        Raises:
            MigrationsError: there is no plan, or it cannot be understood.
        """
        reading = Reading(location)
        project = _chosen(tree, location)
        plan = parse_plan(project.plan, tree.read_text(project.plan) or "")
        if not plan.changes:
            raise nothing_found(tree, location, "a change in the plan")
        present = {*tree.list_files(project.deploy), *tree.list_files(project.reworked)}
        ids = [_id(project, change, present) for change in plan.changes]
        scripts = [_script(project, id_, change) for id_, change in zip(ids, plan.changes, strict=True)]
        texts = dict(tree.read_texts(path for path in scripts if path in present))
        parents = _Parents(plan, ids)
        for position, change in enumerate(plan.changes):
            path, id_ = scripts[position], ids[position]
            if path not in texts:
                message = f"{project.plan}, line {change.line}, lists {change.name}, but there is no {path}."
                reading.report("unreadable-file", message, project.plan)
            text = texts.get(path, "")
            migration = Migration(
                id_,
                change.note or change.name,
                path,
                parents.of(position, project.plan, reading),
                sql_tables(text),
            )
            reading.add(migration, text)
        for change in plan.repeated:
            message = f"{project.plan}, line {change.line}, lists {change.name} again, without a tag between."
            reading.report("duplicate-id", message, project.plan)
        return finish_listed(reading)


class _Parents:
    """Finds the changes that others require."""

    def __init__(self, plan: Plan, ids: list[str]) -> None:
        self._plan = plan
        self._ids = ids
        self._places: dict[str, list[int]] = {}
        self._tags: dict[str, int] = {}
        for position, change in enumerate(plan.changes):
            self._places.setdefault(change.name, []).append(position)
            for tag in change.tags:
                self._tags[tag] = position

    def of(self, position: int, path: str, reading: Reading) -> tuple[str, ...]:
        """Return the ids that a change requires; what is not before it in the plan is reported."""
        change = self._plan.changes[position]
        found: list[str] = []
        for reference in change.requires:
            place = self._find(reference, position)
            if place is None:
                message = f"{path}, line {change.line}: {change.name} requires '{reference}', which is not before it."
                reading.report("dangling-parent", message, path)
                found.append(reference)
            else:
                found.append(self._ids[place])
        return tuple(found)

    def _find(self, reference: str, position: int) -> int | None:
        name, _, tag = reference.partition("@")
        latest = position - 1
        if tag:
            if tag not in self._tags:
                return None
            latest = min(latest, self._tags[tag])
        if not name:
            return latest
        places = self._places.get(name, [])
        before = bisect_right(places, latest)
        return places[before - 1] if before else None


def _id(project: Project, change: Change, present: set[str]) -> str:
    tagged = [f"{change.name}@{tag}" for tag in change.rework_tags]
    if not tagged:
        return change.name
    return next((id_ for id_ in tagged if _script(project, id_, change) in present), tagged[0])


def _script(project: Project, id_: str, change: Change) -> str:
    folder = project.reworked if change.rework_tags else project.deploy
    path = join(folder, f"{id_}.{project.extension}")
    if path is None or not is_inside(path, folder):
        raise misunderstood(project.plan, f"'{id_}' would lie outside of {folder}", line=change.line)
    return path


def _chosen(tree: FileTree, location: MigrationLocation) -> Project:
    """Return the project that a location means, with the folder of scripts that its configuration says."""
    path = plain_folder(location.path)
    if path and tree.read_text(path) is not None and base_of(path) != CONFIG:
        return _configured(tree, path)
    folder = folder_of(path) if base_of(path) == CONFIG else path
    plan = inside(folder, PLAN)
    if tree.read_text(plan) is not None:
        return _configured(tree, plan)
    named = read_projects(tree, [inside(folder, CONFIG)])
    projects = {project.plan: project for project in named if tree.read_text(project.plan) is not None}
    if not projects:
        raise nothing_found(tree, location, f"a {PLAN}, or a {CONFIG} that names one")
    if len(projects) > 1:
        raise MigrationsError(
            f"There are {len(projects)} plans here: {', '.join(sorted(projects)[:5])}.",
            where=location.path or ".",
            remedy=f"name one as the path of migration location '{location.name}' in tdmvc.yaml.",
        )
    return _configured(tree, next(iter(projects)))


def _configured(tree: FileTree, plan: str) -> Project:
    configs = [inside(folder, CONFIG) for folder in ancestors(folder_of(plan))]
    named = [project for project in read_projects(tree, configs) if project.plan == plan]
    candidates = [*named, default_project(plan)]
    # Engines may share a plan and have scripts of their own; the first that are there will do.
    return next((project for project in candidates if tree.list_files(project.deploy)), candidates[0])
