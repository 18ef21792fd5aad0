"""Files that tdmvc has merged in advance, given to Git's merge through one short driver script."""

import os
import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tdmvc.gitrepo.attributes import ATTRIBUTES_FILE, MANIFESTS, POINTERS, pattern_of
from tdmvc.gitrepo.repository import GitRepo

DRIVER = "tdmvc"
_SCRIPT = """\
# BASE OURS THEIRS MARKER-SIZE PATH: puts the merged file in the place of ours.
here=$(dirname -- "$0")
if [ -f "$here/resolved/$5" ]; then cat <"$here/resolved/$5" >"$2"
elif [ -f "$here/open/$5" ]; then cat <"$here/open/$5" >"$2"; exit 1
else git merge-file --marker-size="$4" "$2" "$1" "$3"
fi
"""


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """The merged content of one file."""

    path: str
    """From the root of the repository."""
    text: str
    is_settled: bool
    """False if the text has conflict markers."""


class PreparedMerge:
    """Merged files in a separate folder, and the options that make Git use them."""

    def __init__(self, git: GitRepo, folder: Path, datasets: str, files: Sequence[PreparedFile]) -> None:
        """Write the files, the driver script and the attributes.

        Args:
            folder: an empty folder outside the work tree; keep it until Git is done.
            datasets: the datasets' folder, whose pointers and manifests the prepared files are.
        """
        self.folder = folder
        for file in files:
            place = folder / ("resolved" if file.is_settled else "open") / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.text.encode("utf-8", "surrogateescape"))
        script = folder / "driver"
        script.write_text(_SCRIPT, encoding="utf-8")
        attributes = folder / "attributes"
        patterns = [pattern_of(datasets, files) for files in (POINTERS, *MANIFESTS)]
        lines = [_users_attributes(git), *(f"{pattern} merge={DRIVER}" for pattern in patterns), ""]
        attributes.write_bytes(os.fsencode("\n".join(lines)))
        # Git takes a percent sign for a placeholder of its own here.
        driver = f"sh {shlex.quote(script.as_posix()).replace('%', '%%')} %O %A %B %L %P"
        settings = {
            "core.attributesFile": attributes.as_posix(),
            f"merge.{DRIVER}.name": "tdmvc",
            f"merge.{DRIVER}.driver": driver,
            # A virtual merge base is computed in advance, from the rows.
            f"merge.{DRIVER}.recursive": "binary",
        }
        self.words = tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))

    def quiet_place(self, git: GitRepo, revision: str) -> Path:
        """Return a folder that serves Git as the work tree of a revision when it merges in memory.

        Git writes a driver's temporary files there, and reads only attributes from it.
        """
        place = self.folder / "work"
        tree = git.tree(revision)
        paths = [path for path in tree.list_files() if posixpath.basename(path) == ATTRIBUTES_FILE]
        place.mkdir()
        for path, text in tree.read_texts(paths):
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogateescape"))
        return place


def _users_attributes(git: GitRepo) -> str:
    """Return the user's own attributes, whose file the option `core.attributesFile` would otherwise replace."""
    named = git.commands.try_run("config", "--type=path", "--get", "core.attributesFile")
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    path = Path(named.rstrip("\n")) if named else Path(home) / "git" / "attributes"
    try:
        return os.fsdecode((git.root / path).read_bytes())
    except OSError:
        return ""
