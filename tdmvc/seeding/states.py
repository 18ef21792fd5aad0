"""The states that a database is seeded with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tdmvc.errors import UsageError
from tdmvc.model.dataset import DatasetKind, DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.seeding import SeedMode, SeedOptions
from tdmvc.store.content import dataset_content, table_content
from tdmvc.workspace.tables import edited_tables, open_tables
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StateToSeed:
    """A state of a dataset with the tables that are to be seeded."""

    state: DatasetState
    mode: SeedMode
    tables: Mapping[str, TableSide]
    """By name, sorted."""
    objects: Mapping[str, str]
    """The object that lists a table's parts; empty for a table of the working copy with edits."""

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def ref(self) -> str:
        return self.state.ref

    @property
    def content(self) -> str:
        """The content hash of the tables."""
        return dataset_content({name: self.content_of(name) for name in self.tables})

    @property
    def heads(self) -> tuple[tuple[str, str], ...]:
        """The migration heads that the state was made for: location and head, sorted."""
        recorded = self.state.config.migrations
        return tuple(sorted((location, head) for location, one in recorded.items() for head in one.heads))

    def content_of(self, table: str) -> str:
        """Return the content hash of a table."""
        return table_content(self.tables[table].parts)


def open_states(
    workspace: Workspace, states: Sequence[DatasetState], options: SeedOptions
) -> list[StateToSeed]:
    """Return states with the tables that the options choose.

    Raises:
        NotFoundError: none of the states has a table that the options name, by its name or a pattern.
        PartError: a listing is missing or damaged everywhere.
        PolicyError: a policy forbids one of the states.
        UsageError: a dataset is named twice, or every table is excluded.
    """
    names = [state.name for state in states]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"The dataset {name} is named twice: {', '.join(s.ref for s in states if s.name == name)}.",
                remedy="name one state of each dataset.",
            )
    known = sorted({table for state in states for table in (*state.pointers, *state.contract.tables)})
    options.selection.choose(known, ", ".join(state.ref for state in states))
    for state in states:
        workspace.allow("seed", state)
    return [_open_state(workspace, state, options) for state in states]


def _open_state(workspace: Workspace, state: DatasetState, options: SeedOptions) -> StateToSeed:
    is_working_copy = state.ref == state.name
    edits = edited_tables(workspace, state) if is_working_copy else {}
    chosen = set(filter(options.selection.takes_table, (*state.pointers, *edits)))
    sides = open_tables(workspace, state, only=chosen, with_edits=is_working_copy)
    objects = {
        name: "" if name in edits or name not in state.pointers else state.pointers[name].object
        for name in sides
    }
    return StateToSeed(state, options.mode or _default_mode(state), sides, objects)


def _default_mode(state: DatasetState) -> SeedMode:
    """Reference data lives among an application's rows; every other kind is all that its tables hold."""
    return SeedMode.UPSERT if state.config.kind is DatasetKind.REFERENCE else SeedMode.REPLACE
