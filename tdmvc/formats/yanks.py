"""Reads and writes the files that mark published versions as bad."""

import posixpath

from tdmvc.model.version import SemVer, Yank
from tdmvc.yaml.reader import check_format, parse_yaml
from tdmvc.yaml.writer import scalar

FORMAT = "tdmvc.yanked/1"


def yank_path(dataset_folder: str, version: SemVer) -> str:
    """Return the path of the file that marks a version as bad."""
    return posixpath.join(dataset_folder, "versions", "yanked", f"{version}.yaml")


def parse_yank(text: str, path: str) -> Yank:
    """Read the text of such a file.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    root = parse_yaml(text, path)
    check_format(root, FORMAT)
    root.only("format", "yanked", "reason")
    return Yank(root.need("yanked").as_text(), root.need("reason").as_text())


def render_yank(yank: Yank) -> str:
    """Return the text of such a file."""
    return f"format: {FORMAT}\nyanked: {scalar(yank.yanked)}\nreason: {scalar(yank.reason)}\n"
