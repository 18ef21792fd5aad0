"""How drift is put in words, which depends on what is compared with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tdmvc.model.migration import DriftKind, DriftStatus


@dataclass(frozen=True, slots=True)
class DriftWords:
    """The words for one kind of comparison; `NAME` is the dataset's name."""

    made_for: str
    """How a sentence begins whose end is the heads: `The dataset was made for`."""
    has: str
    """`the dataset has`."""
    here: str
    """What may lack migrations: `this revision`."""
    fits: str
    fits_since: str
    """If the heads differ all the same."""
    not_recorded: str
    """If nothing is known of the migrations."""
    half_squash: str
    """What to do about a squash whose other half has no files any more."""
    remedies: Mapping[DriftStatus, str]

    def remedy(self, status: DriftStatus, dataset: str) -> str:
        """Return what to do about a status, if anything."""
        return self.remedies.get(status, "").replace("NAME", dataset)


_UNREADABLE: Final = "correct the named file, or the location in tdmvc.yaml."

DRIFT_WORDS: Final[Mapping[DriftKind, DriftWords]] = {
    DriftKind.DATASET: DriftWords(
        made_for="The dataset was made for",
        has="the dataset has",
        here="this revision",
        fits="The dataset fits the migrations",
        fits_since="The dataset fits the migrations, which were squashed or merged since",
        not_recorded="No migration state is recorded; `tdmvc add NAME --migrated` records the work tree's.",
        half_squash="run the rest of the squash on the data at a revision that still has its files, then the pending "
        "migrations, then `tdmvc add`.",
        remedies={
            DriftStatus.EDITED: "check whether the edit changes the schema, and the rows; then "
            "`tdmvc add NAME --migrated`.",
            DriftStatus.BEHIND: "run the pending migrations on the data, then `tdmvc add NAME`"
            " (`--migrated` if they change no row and no column).",
            DriftStatus.AHEAD: "check out the dataset version of this release with `tdmvc checkout --release`.",
            DriftStatus.DIVERGED: "merge both branches, run the pending migrations on the data, then "
            "`tdmvc add NAME`.",
            DriftStatus.UNKNOWN: "check whether migrations were renamed or removed, and whether the rows fit those"
            " that are here; `tdmvc add NAME --migrated` then records these.",
            DriftStatus.UNREADABLE: _UNREADABLE,
        },
    ),
    DriftKind.DATABASE: DriftWords(
        made_for="The database is at",
        has="the database has",
        here="this revision",
        fits="The database has the migrations",
        fits_since="The database has the migrations, which were squashed or merged since",
        not_recorded="No migration table for this location was found in the database: its migrations were not run, "
        "or not by its tool, or the user may not read it.",
        half_squash="run the rest of the squash on the database at a revision that still has its files, then the "
        "pending migrations.",
        remedies={
            DriftStatus.BEHIND: "run the pending migrations on the database.",
            DriftStatus.AHEAD: "compare with the revision that was deployed (--at), or use a database of this one.",
            DriftStatus.DIVERGED: "compare with the revision that was deployed (--at); if it is this one, merge both "
            "branches and run the pending migrations on the database.",
            DriftStatus.UNKNOWN: "check that this is the application's database, and whether migrations were renamed "
            "or removed; --location chooses the locations to compare.",
            DriftStatus.UNREADABLE: _UNREADABLE,
        },
    ),
    DriftKind.DATASET_IN_DATABASE: DriftWords(
        made_for="The dataset was made for",
        has="the dataset has",
        here="the database",
        fits="The dataset fits the database's migrations",
        fits_since="The dataset fits the database's migrations",
        not_recorded="No migration state is recorded; `tdmvc add NAME --migrated` records the work tree's.",
        half_squash="run the rest of the squash on the data at a revision that still has its files, then the pending "
        "migrations, then `tdmvc add`.",
        remedies={
            DriftStatus.BEHIND: "take a version of NAME that has these migrations, or run them on the data, then "
            "`tdmvc add NAME`.",
            DriftStatus.AHEAD: "run these migrations on the database, or take a version of NAME that was made "
            "without them.",
            DriftStatus.DIVERGED: "use a database and a version of NAME from one state of the application.",
            DriftStatus.UNKNOWN: "check whether migrations were renamed or removed, and whether the database and NAME "
            "belong to one application.",
        },
    ),
}
