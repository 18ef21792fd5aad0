"""Knows a pointer by its text alone, wherever Git has it from, with conflict markers too."""

import re

from tdmvc.errors import ConfigError
from tdmvc.model.dataset import Pointer
from tdmvc.model.names import table_name
from tdmvc.repo.yaml_file import parse_yaml

_OBJECT = re.compile(r"[0-9a-f]{32}\.dir")


def parse_pointer_text(text: str) -> Pointer | None:
    """Return the pointer that a `.dvc` file's text is, or None for any other file of DVC, or of anybody."""
    try:
        root = parse_yaml(text, "pointer")
        outs = root.child("outs")
        if outs is None or root.child("deps") is not None or root.text("wdir") not in (None, "."):
            return None
        entries = outs.elements()
        if len(entries) != 1:
            return None
        out = entries[0]
        folder, oid = out.text("path") or "", out.text("md5") or ""
        if not _OBJECT.fullmatch(oid) or out.text("hash") not in (None, "md5"):
            return None
        if "/" in folder or "\\" in folder or folder in {"", ".", ".."}:
            return None
        return Pointer(table_name(folder), oid, out.count("size"), out.count("nfiles"), folder=folder)
    except (ConfigError, UnicodeDecodeError):
        return None


def conflict_sides(text: str) -> tuple[str, str] | None:
    """Return what our side and their side of a file with Git's conflict markers say, or None without any."""
    sides: tuple[list[str], list[str]] = ([], [])
    within, found = "both", False
    for line in text.split("\n"):
        mark = line[:7] if line[7:8] in {"", " ", "\r"} else ""
        if mark == "<<<<<<<" and within == "both":
            within, found = "ours", True
        elif mark == "|||||||" and within == "ours":
            within = "base"
        elif mark == "=======" and within in {"ours", "base"}:
            within = "theirs"
        elif mark == ">>>>>>>" and within == "theirs":
            within = "both"
        else:
            if within in {"both", "ours"}:
                sides[0].append(line)
            if within in {"both", "theirs"}:
                sides[1].append(line)
    return ("\n".join(sides[0]), "\n".join(sides[1])) if found and within == "both" else None
