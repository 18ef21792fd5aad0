"""Parses Sqitch's plan: pragmas, changes in the order in which they are deployed, and tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.base import unreadable
from tdmvc.migrations.text import refuse_conflict

_PRAGMA: Final = re.compile(r"[ \t]*%[ \t]*([^\s=]+)(?:[ \t]*=[ \t]*(.+))?")
# Possessive quantifiers do not backtrack, so that no line takes quadratic time.
_ITEM: Final = re.compile(
    r"[ \t]*+(?:(?P<tag>@)|(?P<operator>[+-])[ \t]*+)?(?P<name>[^\s:@#\\]++)"
    r"(?:[ \t]++\[(?P<requires>[^\]]++)\])?"
    r"(?:[ \t]++(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z))?"
    r"(?:[ \t]++(?P<planner>[^<]++<[^>]++>))?[ \t]*+"
)
_REFERENCE: Final = re.compile(
    r"(?P<conflict>!?)(?:(?P<project>[^\s:@#]+):)?(?:(?P<sha>[0-9a-f]{40})|(?P<change>[^\s:@#]+)?(?:@(?P<tag>[^\s:@#]+))?)"
)
_PUNCTUATION: Final = "-!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~"
_SYMBOLIC: Final = re.compile(r"[~/=%^][0-9]+$|^[0-9a-f]{40}")
_RESERVED: Final = frozenset({"FIRST", "HEAD", "LAST", "ROOT"})


@dataclass(slots=True)
class Change:
    """One line of a plan that changes the schema."""

    name: str
    line: int
    note: str = ""
    requires: tuple[str, ...] = ()
    """The references as written, without conflicts and other projects."""
    tags: list[str] = field(default_factory=list)
    rework_tags: tuple[str, ...] = ()
    """The tags up to the next change of the same name; the name of its script contains one of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with its changes in order."""

    changes: tuple[Change, ...]
    repeated: tuple[Change, ...] = ()
    """Changes whose name occurs twice without a tag in between, which Sqitch refuses."""


def parse_plan(path: str, text: str) -> Plan:
    """Return the changes of a plan.

    Raises:
        MigrationsError: a line is not valid in a plan, or there is no `%project`.
    """
    refuse_conflict(path, text)
    numbered = enumerate(text.replace("\r\n", "\n").split("\n"), 1)
    builder = _PlanBuilder(path, _read_pragmas(path, numbered))
    for number, line in numbered:
        content, _, note = line.partition("#")
        if content.strip():
            item = _parse_item(path, number, content.rstrip())
            if item["tag"]:
                builder.tag(number, item)
            else:
                builder.change(number, item, note.strip())
    return Plan(tuple(builder.changes), tuple(builder.repeated))


def _read_pragmas(path: str, numbered: Iterator[tuple[int, str]]) -> str:
    """Read up to the blank line that ends the pragmas; return the project's name."""
    project = None
    for number, line in numbered:
        content = line.partition("#")[0].rstrip()
        match = _PRAGMA.fullmatch(content)
        if match is not None:
            project = match[2].strip() if match[1] == "project" and match[2] else project
        elif content.strip():
            raise unreadable(path, "there is no blank line between the pragmas and the changes", line=number)
        elif not line.strip():
            break
    if project is None:
        raise unreadable(path, "it has no line `%project=…`", line=1)
    return project


@dataclass(slots=True)
class _PlanBuilder:
    path: str
    project: str
    changes: list[Change] = field(default_factory=list)
    repeated: list[Change] = field(default_factory=list)
    _latest: dict[str, int] = field(default_factory=dict)
    _tags: dict[str, int] = field(default_factory=dict)
    _latest_tagged: int = -1

    def tag(self, number: int, item: re.Match[str]) -> None:
        name = item["name"]
        if item["requires"]:
            raise unreadable(self.path, f"the tag @{name} has dependencies", line=number)
        if not self.changes:
            raise unreadable(self.path, f"the tag @{name} has no change before it", line=number)
        if name in self._tags:
            raise unreadable(self.path, f"the tag @{name} appears twice", line=number)
        self._tags[name] = self._latest_tagged = len(self.changes) - 1
        self.changes[-1].tags.append(name)

    def change(self, number: int, item: re.Match[str], note: str) -> None:
        name = item["name"]
        requires = _requires(self.path, number, item["requires"] or "", self.project)
        change = Change(name, number, note, requires)
        before = self._latest.get(name)
        if before is not None and before > self._latest_tagged:
            self.repeated.append(change)
            return
        if before is not None:
            # Sqitch first looks for a script with the tag of the newest change.
            since = reversed(self.changes[before:])
            self.changes[before].rework_tags = tuple(tag for change in since for tag in change.tags)
        self._latest[name] = len(self.changes)
        self.changes.append(change)


def _parse_item(path: str, number: int, line: str) -> re.Match[str]:
    item = _ITEM.fullmatch(line)
    if item is None:
        raise unreadable(path, "a line is neither a change nor a tag", line=number)
    name = item["name"]
    is_odd = name[0] in _PUNCTUATION or name[-1] in _PUNCTUATION or _SYMBOLIC.search(name)
    if is_odd or name in _RESERVED:
        raise unreadable(path, f"Sqitch does not allow the name '{name}'", line=number)
    if not item["time"] or not item["planner"]:
        raise unreadable(path, f"'{name}' has no time, or no planner with an email address", line=number)
    return item


def _requires(path: str, number: int, text: str, project: str) -> tuple[str, ...]:
    found: list[str] = []
    seen: set[str] = set()
    for reference in text.split():
        if reference in seen:
            raise unreadable(path, f"the dependency '{reference}' appears twice", line=number)
        seen.add(reference)
        match = _REFERENCE.fullmatch(reference)
        if match is None or not (match["sha"] or match["change"] or match["tag"]):
            raise unreadable(path, f"'{reference}' is not a valid dependency", line=number)
        is_elsewhere = match["project"] not in {None, project} or match["sha"]
        if not match["conflict"] and not is_elsewhere:
            found.append(reference.rpartition(":")[2])
    return tuple(found)
