"""All migrations of a revision, and later ones, as one graph, squashes included."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tdmvc.model.migration import Migration, MigrationState


@dataclass(frozen=True, slots=True)
class HalfSquash:
    """A squash of which a dataset has some migrations and lacks others."""

    id: str
    applied: tuple[str, ...]
    missing: tuple[str, ...]
    has_files: bool
    """Whether the missing ones are still here, so that they can run."""


class KnownMigrations:
    """The migrations of a revision, and of a state with later ones."""

    def __init__(self, actual: MigrationState, history: MigrationState | None) -> None:
        self._actual = actual
        later: tuple[Migration, ...] = ()
        if history is not None and history.location.tool == actual.location.tool:
            later = history.migrations
        self._rank = {migration.id: position for position, migration in enumerate(later)}
        self._parents: dict[str, set[str]] = {}
        self._squashes: dict[str, tuple[str, ...]] = {}
        for migration in (*actual.migrations, *later):
            self._parents.setdefault(migration.id, set()).update(migration.parents)
            if migration.replaces:
                self._squashes[migration.id] = migration.replaces
        self._replaced = {id_ for replaced in self._squashes.values() for id_ in replaced}
        # All others come before the last one that a squash replaces, even if their files were removed.
        self._squashes_by_last: dict[str, list[str]] = defaultdict(list)
        for squash, replaced in self._squashes.items():
            self._squashes_by_last[replaced[-1]].append(squash)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._parents or id_ in self._replaced

    def applied_at(self, heads: Iterable[str], ids: Collection[str] = ()) -> set[str]:
        """Return what was applied to a dataset with these heads; a squash and what it replaces count as one.

        Args:
            ids: all migrations of the dataset; if there are none, all that come before the heads count as applied.
        """
        applied: set[str] = set()
        waiting = [*heads, *ids]
        while waiting:
            id_ = waiting.pop()
            if id_ not in applied:
                applied.add(id_)
                waiting.extend(self._parents.get(id_, ()) if not ids else ())
                waiting.extend(self._squashes.get(id_, ()))
                waiting.extend(self._squashes_by_last.get(id_, ()))
        return applied

    def is_one_history(self, applied: set[str]) -> bool:
        """Return whether the applied migrations and those of the revision belong to one history.

        They do if they share a migration or a squash of it, or if the later state
        has some of the revision's; otherwise the history was restarted in between.
        """
        return any(
            migration.id in applied
            or migration.id in self._rank
            or not applied.isdisjoint(migration.replaces)
            for migration in self._actual.migrations
        )

    def pending(self, applied: set[str]) -> list[Migration]:
        """Return the migrations of the revision that were not applied, oldest first.

        Of a squash and the files that it replaces, only those that would run are returned.
        """
        here = {migration.id for migration in self._actual.migrations}
        left_out: set[str] = set()
        for migration in self._actual.migrations:
            if not migration.replaces or migration.id in applied:
                continue
            missing = [id_ for id_ in migration.replaces if id_ not in applied]
            if len(missing) < len(migration.replaces) and here.issuperset(missing):
                left_out.add(migration.id)
            else:
                left_out.update(missing)
        return [m for m in self._actual.migrations if m.id not in applied and m.id not in left_out]

    def half_squashes(self, applied: set[str]) -> list[HalfSquash]:
        """Return the squashes of the revision that are applied only in part.

        A migration was applied if a later one that the squash replaces was, even if its file was removed.
        """
        here = {migration.id for migration in self._actual.migrations}
        found: list[HalfSquash] = []
        for migration in self._actual.migrations:
            replaced = migration.replaces
            done = [position for position, id_ in enumerate(replaced) if id_ in applied]
            if not done or migration.id in applied:
                continue
            missing = tuple(
                id_
                for position, id_ in enumerate(replaced)
                if id_ not in applied and (position > done[-1] or id_ in here)
            )
            if missing:
                before = tuple(id_ for id_ in replaced if id_ not in missing)
                found.append(HalfSquash(migration.id, before, missing, here.issuperset(missing)))
        return found

    def extra(self, applied: set[str]) -> list[str]:
        """Return the applied migrations that the revision lacks, oldest first.

        For a squash, those that it replaces are returned.
        """
        here = {migration.id for migration in self._actual.migrations}
        here.update(id_ for migration in self._actual.migrations for id_ in migration.replaces)
        lacking = (id_ for id_ in applied if id_ in self and id_ not in here and id_ not in self._squashes)
        return sorted(lacking, key=lambda id_: (self._rank.get(id_, -1), id_))
