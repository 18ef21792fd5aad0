"""Knows how to read a plan of Sqitch: pragmas, changes in the order in which they are deployed, and tags."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.python_source import conflict_line

_PRAGMA: Final = re.compile(r"[ \t]*%[ \t]*([^\s=]+)(?:[ \t]*=[ \t]*(.+))?")
# Nothing is given back once it is matched, so that no line takes quadratic time.
_ITEM: Final = re.compile(
    r"[ \t]*+(?:(?P<tag>@)|(?P<operator>[+-])[ \t]*+)?(?P<name>[^\s:@#\[\]]++)"
    r"(?:[ \t]++\[(?P<requires>[^\]]*+)\])?"
    r"(?:[ \t]++(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z))?"
    r"(?:[ \t]++(?P<planner>[^<]++<[^>]++>))?[ \t]*+"
)
_REFERENCE: Final = re.compile(
    r"(?P<conflict>!?)(?:(?P<project>[^\s:@#]+):)?(?:(?P<sha>[0-9a-f]{40})|(?P<change>[^\s:@#]+)?(?:@(?P<tag>[^\s:@#]+))?)"
)
_PUNCTUATION: Final = "-!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~"
_SYMBOLIC: Final = re.compile(r"[~/=%^][0-9]+$")


@dataclass(slots=True)
class Change:
    """One line of a plan that changes the schema."""

    name: str
    line: int
    note: str = ""
    requires: tuple[str, ...] = ()
    """The references as written, without conflicts and without other projects."""
    tags: list[str] = field(default_factory=list)
    rework_tags: tuple[str, ...] = ()
    """The tags up to the next change of the same name; its scripts carry one of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, its changes in order."""

    project: str
    changes: tuple[Change, ...]
    repeated: tuple[Change, ...] = ()
    """Changes whose name stands there already since the last tag, which Sqitch refuses."""


def parse_plan(path: str, text: str) -> Plan:
    """Return what a plan says.

    Raises:
        MigrationsError: a line is not what Sqitch writes, or there is no `%project`.
    """
    if (conflict := conflict_line(text)) is not None:
        raise misunderstood(path, "it holds a merge conflict", line=conflict)
    lines = [
        (number, *_parted(line)) for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1)
    ]
    project = _project(path, (line for _, line, _ in lines))
    changes: list[Change] = []
    repeated: list[Change] = []
    latest: dict[str, int] = {}
    latest_tagged = -1
    tagged: dict[str, int] = {}
    for number, line, note in lines:
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        item = _item(path, number, line)
        name = item["name"]
        if item["tag"]:
            if not changes:
                raise misunderstood(path, f"the tag @{name} has no change before it", line=number)
            if name in tagged:
                raise misunderstood(path, f"the tag @{name} is there already", line=number)
            tagged[name] = latest_tagged = len(changes) - 1
            changes[-1].tags.append(name)
            continue
        change = Change(name, number, note, _requires(path, number, item["requires"] or "", project))
        before = latest.get(name)
        if before is not None and before > latest_tagged:
            repeated.append(change)
        elif before is not None:
            since = changes[before:]
            changes[before].rework_tags = tuple(tag for change in since for tag in change.tags)
        latest[name] = len(changes)
        changes.append(change)
    return Plan(project, tuple(changes), tuple(repeated))


def _parted(line: str) -> tuple[str, str]:
    """Return what a line says, and its note."""
    said, _, note = line.partition("#")
    return said.rstrip(), note.strip()


def _project(path: str, lines: Iterable[str]) -> str:
    for line in lines:
        match = _PRAGMA.fullmatch(line)
        if match and match[1] == "project" and match[2]:
            return match[2].strip()
    raise misunderstood(path, "it has no line `%project=…`", line=1)


def _item(path: str, number: int, line: str) -> re.Match[str]:
    item = _ITEM.fullmatch(line)
    if item is None:
        raise misunderstood(path, "this is neither a change nor a tag", line=number)
    name = item["name"]
    if name[0] in _PUNCTUATION or name[-1] in _PUNCTUATION or _SYMBOLIC.search(name):
        raise misunderstood(path, f"'{name}' is no name that Sqitch allows", line=number)
    if not item["time"] or not item["planner"]:
        raise misunderstood(path, f"'{name}' lacks its time, or its planner with e-mail", line=number)
    return item


def _requires(path: str, number: int, text: str, project: str) -> tuple[str, ...]:
    found: list[str] = []
    for reference in text.split():
        match = _REFERENCE.fullmatch(reference)
        if match is None or not (match["sha"] or match["change"] or match["tag"]):
            raise misunderstood(path, f"'{reference}' is no dependency", line=number)
        is_elsewhere = match["project"] not in {None, project} or match["sha"]
        if not match["conflict"] and not is_elsewhere:
            found.append(reference.rpartition(":")[2])
    return tuple(found)
