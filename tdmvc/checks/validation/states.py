"""What was found in states that were validated before, to start from."""

from dataclasses import dataclass
from functools import cached_property

from tdmvc.checks.validation.cache import FoundBefore
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.rows import TableRows


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """What breaks a rule that compares rows with others."""

    groups: int
    """The values that repeat, or the rows without a parent."""
    rows: int


@dataclass(frozen=True, slots=True)
class BaseState:
    """An earlier state without a violation, and what it has in common with the one that is validated."""

    kept: frozenset[str]
    """Parts of the table that both have, by their names."""
    removed: frozenset[str]
    """Parts of the table that only the earlier state has, by the hashes of their bytes."""
    removed_parents: frozenset[str]
    """As `removed`, of the table that references name."""


@dataclass(frozen=True)
class StateMemory:
    """What is known of a test of whole tables; nothing if a part has no hash of its bytes, or two have the same."""

    test: str
    options: ValidationOptions
    rows: TableRows
    parents: TableRows | None = None

    def recall(self) -> FoundGroups | None:
        """Return what was found in exactly this state before."""
        for one in self._states:
            if (one.parts, one.parents) == self._here:
                return FoundGroups(one.groups, one.rows)
        return None

    def base(self) -> BaseState | None:
        """Return the state without a violation that has most in common with this one."""
        clean = [one for one in self._states if not one.rows]
        if self._here is None or not clean:
            return None
        here, parents = self._here
        best = max(clean, key=lambda one: len(here & one.parts) + len(parents & one.parents))
        kept = frozenset(name for name in self.rows.times if self.rows.side.digests[name] in best.parts)
        return BaseState(kept, best.parts - here, best.parents - parents)

    def remember(self, found: FoundGroups) -> FoundGroups:
        """Keep what was found in this state, and return it."""
        if self._here is not None:
            self.options.cache.remember_state(self.test, FoundBefore(*self._here, found.groups, found.rows))
        return found

    @cached_property
    def _here(self) -> tuple[frozenset[str], frozenset[str]] | None:
        here = self.rows.digests()
        parents = frozenset[str]() if self.parents is None else self.parents.digests()
        return None if here is None or parents is None else (here, parents)

    @cached_property
    def _states(self) -> list[FoundBefore]:
        return [] if self.options.is_full or self._here is None else self.options.cache.states(self.test)
