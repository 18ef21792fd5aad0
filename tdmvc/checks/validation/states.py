"""What was found in states that were validated before, to start from."""

from collections.abc import Collection
from dataclasses import dataclass

from tdmvc.checks.validation.cache import FoundBefore
from tdmvc.checks.validation.options import ValidationOptions


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """What breaks a rule that compares rows with others."""

    groups: int
    """The values that repeat, or the rows without a parent."""
    rows: int


@dataclass(frozen=True, slots=True)
class StateMemory:
    """What is known of a test of whole tables."""

    test: str
    options: ValidationOptions
    parts: Collection[str]
    parents: Collection[str] = ()

    def recall(self) -> FoundGroups | None:
        """Return what was found in exactly this state before."""
        here, parents = frozenset(self.parts), frozenset(self.parents)
        for one in self._states():
            if (one.parts, one.parents) == (here, parents):
                return FoundGroups(one.groups, one.rows)
        return None

    def base(self) -> FoundBefore | None:
        """Return the state without a violation that has most in common with this one."""
        here, parents = set(self.parts), set(self.parents)
        clean = [one for one in self._states() if not one.rows]
        return max(clean, key=lambda one: len(here & one.parts) + len(parents & one.parents), default=None)

    def remember(self, found: FoundGroups) -> FoundGroups:
        """Keep what was found in this state, and return it."""
        state = FoundBefore(frozenset(self.parts), frozenset(self.parents), found.groups, found.rows)
        self.options.cache.remember_state(self.test, state)
        return found

    def _states(self) -> list[FoundBefore]:
        return [] if self.options.is_full else self.options.cache.states(self.test)
