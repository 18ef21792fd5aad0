"""The files of the sample application Lumen, release by release.

Lumen is a small shop for candles and lamps. `releases.yaml` lists its three releases,
`migrations/` has its schema, `golden/` the golden data of the latest release, one folder
per workflow, and `stages/` the golden data of the earlier releases.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

FOLDER: Final = Path(__file__).parent
"""The folder of the sample's files, which are read-only."""


@dataclass(frozen=True, slots=True)
class DemoRelease:
    """One release of the sample application."""

    version: str
    migrations: tuple[Path, ...]
    """The files that this release added, in the order in which they are applied."""
    contract: Path
    data: tuple[Path, ...]
    """Folders of `<table>.csv` files; a table that is in several folders has the rows of all."""


def read_releases() -> tuple[DemoRelease, ...]:
    """Return the releases of the sample application, oldest first; all paths are absolute."""
    entries = yaml.safe_load((FOLDER / "releases.yaml").read_text(encoding="utf-8"))
    return tuple(
        DemoRelease(
            version=entry["release"],
            migrations=tuple(FOLDER / "migrations" / f"{name}.sql" for name in entry["migrations"]),
            contract=FOLDER / entry["contract"],
            data=tuple(FOLDER / folder for folder in entry["data"]),
        )
        for entry in entries
    )
