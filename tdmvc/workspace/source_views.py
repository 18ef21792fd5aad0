"""The views that a dataset has after tables of databases were added to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tdmvc.errors import format_names
from tdmvc.model.declarations import View
from tdmvc.sql.tokens import names_in


@dataclass(frozen=True, slots=True)
class SourceViews:
    """What the databases among the sources say about views."""

    views: tuple[View, ...] = ()
    tables: frozenset[str] = field(default_factory=frozenset)
    """All tables of the databases, also those that are not added."""

    def merged(self, current: Sequence[View], tables: Iterable[str]) -> tuple[tuple[View, ...], list[str]]:
        """Return the views of the dataset from now on, and notes.

        The databases decide: a view that they no longer have is removed, unless it reads a table that
        they do not have either. A view of theirs that reads a table which the dataset lacks is left out.

        Args:
            current: the views that the contract has.
            tables: all tables that the dataset has now.
        """
        present = set(tables)
        offered = {view.name: view for view in self.views}
        usable, lacking = self._usable(offered, present)
        foreign = present - self.tables
        kept = {
            view.name: usable.get(view.name, view)
            for view in current
            if view.name in usable or (view.name not in offered and names_in(view.query, foreign))
        }
        notes = [
            f"view {name} was left out: it reads {format_names(sorted(names))}, not in the dataset"
            for name, names in lacking.items()
        ]
        return tuple((kept | usable).values()), notes

    def _usable(
        self, offered: dict[str, View], present: set[str]
    ) -> tuple[dict[str, View], dict[str, set[str]]]:
        """Return the offered views whose tables and views are there, and what the others lack."""
        usable = dict(offered)
        lacking: dict[str, set[str]] = {}
        while True:
            missing = (self.tables | offered.keys()) - present - usable.keys()
            found = {
                name: lacks
                for name, view in usable.items()
                if (lacks := names_in(view.query, missing - {name}))
            }
            if not found:
                return usable, lacking
            lacking |= found
            usable = {name: view for name, view in usable.items() if name not in found}
