"""The files of the sample application Lumen, release by release.

Lumen is a small shop for candles and lamps. `releases.yaml` lists its three releases,
`migrations/` has its schema, `golden/` the golden data of the latest release, one folder
per workflow, and `stages/` the golden data of the earlier releases.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tdmvc.yaml.reader import parse_yaml

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
    file = FOLDER / "releases.yaml"
    return tuple(
        DemoRelease(
            version=entry.need("release").as_text(),
            migrations=tuple(FOLDER / "migrations" / f"{name}.sql" for name in entry.texts("migrations")),
            contract=FOLDER / entry.need("contract").as_text(),
            data=tuple(FOLDER / folder for folder in entry.texts("data")),
        )
        for entry in parse_yaml(file.read_text(encoding="utf-8"), file.name).elements()
    )
