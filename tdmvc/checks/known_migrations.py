"""All migrations of a revision, and later ones, as one graph, squashes included."""

from collections import defaultdict
from collections.abc import Iterable

from tdmvc.model.migration import Migration, MigrationState


class KnownMigrations:
    """The migrations of a revision, and of a state that knows more than it."""

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
        # The last one that a squash replaces has all others before it, even where their files are gone.
        self._ended: dict[str, list[str]] = defaultdict(list)
        for squash, replaced in self._squashes.items():
            self._ended[replaced[-1]].append(squash)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._parents or id_ in self._replaced

    def seen_from(self, heads: Iterable[str]) -> set[str]:
        """Return all that a dataset with these heads has seen; a squash and what it replaces count as one."""
        seen: set[str] = set()
        waiting = list(heads)
        while waiting:
            id_ = waiting.pop()
            if id_ not in seen:
                seen.add(id_)
                waiting.extend(self._parents.get(id_, ()))
                waiting.extend(self._squashes.get(id_, ()))
                waiting.extend(self._ended.get(id_, ()))
        return seen

    def is_one_history(self, seen: set[str]) -> bool:
        """Return whether what was seen and what is at the revision belong together.

        They do where they share a migration, itself or in a squash, or where what came
        later still holds some of the revision's; else the history was begun anew in between.
        """
        return any(
            migration.id in seen or migration.id in self._rank or not seen.isdisjoint(migration.replaces)
            for migration in self._actual.migrations
        )

    def pending(self, seen: set[str]) -> list[Migration]:
        """Return what the revision holds and the dataset has not seen, oldest first.

        Of a squash and the files that it replaces, only those that would run are named.
        """
        here = {migration.id for migration in self._actual.migrations}
        left_out: set[str] = set()
        for migration in self._actual.migrations:
            if not migration.replaces or migration.id in seen:
                continue
            unseen = [id_ for id_ in migration.replaces if id_ not in seen]
            if len(unseen) < len(migration.replaces) and here.issuperset(unseen):
                left_out.add(migration.id)
            else:
                left_out.update(unseen)
        return [m for m in self._actual.migrations if m.id not in seen and m.id not in left_out]

    def extra(self, seen: set[str]) -> list[str]:
        """Return what the dataset has seen and the revision lacks, oldest first.

        Of a squash, what it replaces is named.
        """
        here = {migration.id for migration in self._actual.migrations}
        here.update(id_ for migration in self._actual.migrations for id_ in migration.replaces)
        lacking = (id_ for id_ in seen if id_ in self and id_ not in here and id_ not in self._squashes)
        return sorted(lacking, key=lambda id_: (self._rank.get(id_, -1), id_))
