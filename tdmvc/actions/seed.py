"""`seed`: loads states of datasets into a database."""

from collections.abc import Sequence

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.dataset import DatasetState
from tdmvc.model.location import Location
from tdmvc.model.reference import parse_reference
from tdmvc.model.seeding import SeedOptions, SeedReport
from tdmvc.seeding.seed import seed_states
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace

DEFAULT_SEED = SeedOptions()


def seed(
    workspace: Workspace, refs: Sequence[str], into: Location, options: SeedOptions = DEFAULT_SEED
) -> SeedReport:
    """Load states into a database, in their order, each in one transaction.

    Raises:
        DatabaseError: the database cannot take the rows, must not be seeded without `force`, or failed.
        NotFoundError: no such state or table.
        PartError: rows of a state are missing.
        PolicyError: a policy forbids one of the states.
        UsageError: no state is named, or no engine can seed the location.
    """
    if not refs:
        raise UsageError(
            "seed needs at least one state of a dataset.",
            remedy="name it: `tdmvc seed golden@latest --into URL`.",
        )
    if options.sequence_offset < 0:
        raise UsageError(
            f"--sequence-offset is {options.sequence_offset}, and must not be negative.",
            remedy="leave it out, or give a number such as 1000.",
        )
    states = [state for ref in refs for state in _states(workspace, ref)]
    return seed_states(workspace, states, into, options)


def _states(workspace: Workspace, ref: str) -> list[DatasetState]:
    """Return the state that a reference names; for a release, that of each dataset which has one."""
    reference = parse_reference(ref)
    if reference.release is None or reference.dataset:
        return [resolve_state(workspace, reference)]
    names = workspace.datasets()
    if len(names) < 2:
        return [resolve_state(workspace, reference)]
    # What compares migrations takes long to import.
    from tdmvc.workspace.release_states import ReleaseResolver

    resolver = ReleaseResolver(workspace, reference.release, strict=False)
    found: list[DatasetState] = []
    errors: list[NotFoundError] = []
    for name in names:
        try:
            found.append(resolver.resolve(name)[0])
        except NotFoundError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    for lacking in errors:
        workspace.warn(f"{lacking.where or lacking.what} was not seeded: {lacking.what}")
    return found
