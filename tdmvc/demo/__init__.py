"""The sample application Lumen: which files tell its story, release by release.

Lumen is a small shop for candles and lamps. `releases.yaml` lists its three releases,
`migrations/` holds its schema, `golden/` the golden data of today, a folder per
workflow, and `stages/` the golden data of the releases before.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

FOLDER: Final = Path(__file__).parent
"""Where the sample's files lie, read-only."""


@dataclass(frozen=True, slots=True)
class DemoRelease:
    """One release of the sample application."""

    version: str
    title: str
    brings: str
    """A sentence for a commit or for a version's notes."""
    migrations: tuple[Path, ...]
    """The files that came with this release, in the order in which they are applied."""
    contract: Path
    data: tuple[Path, ...]
    """Folders of `<table>.csv`; a table that lies in several is all of its files together."""


def read_releases() -> tuple[DemoRelease, ...]:
    """Return the releases of the sample application, oldest first; all paths are absolute."""
    entries = yaml.safe_load((FOLDER / "releases.yaml").read_text(encoding="utf-8"))
    return tuple(
        DemoRelease(
            version=entry["release"],
            title=entry["title"],
            brings=entry["brings"],
            migrations=tuple(FOLDER / "migrations" / f"{name}.sql" for name in entry["migrations"]),
            contract=FOLDER / entry["contract"],
            data=tuple(FOLDER / folder for folder in entry["data"]),
        )
        for entry in entries
    )
