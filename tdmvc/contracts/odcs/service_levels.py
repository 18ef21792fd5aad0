"""Reads service levels: how old rows may be, how often they come and how long they are kept."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tdmvc.contracts.gathering import Gathered, place_of
from tdmvc.contracts.odcs.declarations import children
from tdmvc.contracts.scalars import read_number
from tdmvc.errors import ConfigError, did_you_mean
from tdmvc.model.service_levels import ServiceLevel, ServiceProperty, TimeUnit
from tdmvc.yaml.editor import EditableMapping, mapping, sequence, text_value
from tdmvc.yaml.node import YamlNode

_PROPERTIES = {
    **dict.fromkeys(("latency", "ly"), ServiceProperty.LATENCY),
    **dict.fromkeys(("frequency", "fy"), ServiceProperty.FREQUENCY),
    **dict.fromkeys(("retention", "re"), ServiceProperty.RETENTION),
}
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), TimeUnit.SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), TimeUnit.MINUTE),
    **dict.fromkeys(("h", "hr", "hour", "hours"), TimeUnit.HOUR),
    **dict.fromkeys(("d", "day", "days"), TimeUnit.DAY),
    **dict.fromkeys(("w", "wk", "week", "weeks"), TimeUnit.WEEK),
    **dict.fromkeys(("mo", "mon", "month", "months"), TimeUnit.MONTH),
    **dict.fromkeys(("y", "yr", "year", "years"), TimeUnit.YEAR),
}
_ISO_UNITS = {
    **{"Y": TimeUnit.YEAR, "M": TimeUnit.MONTH, "W": TimeUnit.WEEK, "D": TimeUnit.DAY},
    **{"TH": TimeUnit.HOUR, "TM": TimeUnit.MINUTE, "TS": TimeUnit.SECOND},
}
_ISO_DURATION = re.compile(r"P(?:([0-9]{1,9})([YMWD])|T([0-9]{1,9})([HMS]))")
_WITH_UNIT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")
Columns = dict[str, tuple[str, ...]]


def read_service_levels(root: YamlNode, columns: Columns, gathered: Gathered) -> Iterator[ServiceLevel]:
    """Yield the service levels that refreshing and policies know; the others are noted.

    Args:
        columns: the names of columns by table.
    """
    with gathered.faults_of_one():
        for entry in children(root, "slaProperties"):
            name = entry.text("property") or ""
            known = _PROPERTIES.get(name.strip().lower())
            if known is None:
                message = f"The service level '{name[:80]}' is for people; it has no effect on rows."
                gathered.note(entry, message)
                continue
            try:
                yield _read(root, entry, known, columns)
            except ConfigError as error:
                # It is about times, and not about rows: who reads rows need not know it.
                gathered.note(entry, f"The service level '{name[:80]}' is not read. {error.what}")


def write_service_levels(root: EditableMapping, levels: Sequence[ServiceLevel]) -> None:
    """Write the service levels of a new contract."""
    entries = []
    for level in levels:
        facts: dict[str, Any] = {"property": level.property.value, "value": format(level.amount, "f")}
        facts["unit"] = next(word for word, unit in _UNITS.items() if unit is level.unit)
        if level.columns:
            facts["element"] = text_value(", ".join(f"{table}.{column}" for table, column in level.columns))
        for key, value in (("scheduler", level.scheduler), ("schedule", level.schedule)):
            facts |= {key: text_value(value)} if value is not None else {}
        entries.append(mapping(facts))
    if entries:
        root["slaProperties"] = sequence(entries)


def _read(root: YamlNode, entry: YamlNode, known: ServiceProperty, columns: Columns) -> ServiceLevel:
    amount, unit = _read_time(entry.need("value"), entry.child("unit"))
    return ServiceLevel(
        known,
        amount,
        unit,
        tuple(_read_elements(root, entry, columns)),
        schedule=entry.text("schedule"),
        scheduler=entry.text("scheduler"),
        place=place_of(entry),
    )


def _read_time(value: YamlNode, unit: YamlNode | None) -> tuple[Decimal, TimeUnit]:
    """Return an amount of time: a number with its unit beside it (days without one), `24h` or `P1Y`."""
    text = value.as_text().strip()
    iso = _ISO_DURATION.fullmatch(text)
    if iso is not None:
        return Decimal(iso[1] or iso[3]), _ISO_UNITS[iso[2] or f"T{iso[4]}"]
    together = _WITH_UNIT.fullmatch(text)
    word = together[2] if together is not None else unit.as_text() if unit is not None else "d"
    found = _UNITS.get(word.strip().lower())
    if found is None:
        raise (unit or value).error(
            f"The unit '{word[:80]}' is unknown here.", remedy="write s, min, h, d, w, mo or y."
        )
    return (Decimal(together[1]) if together is not None else read_number(value)), found


def _read_elements(root: YamlNode, entry: YamlNode, columns: Columns) -> Iterator[tuple[str, str]]:
    node = entry.child("element") or root.child("slaDefaultElement")
    for text in node.as_text().split(",") if node is not None else ():
        name = text.strip()
        found = _find(name, columns)
        if node is not None and found is None:
            full = [f"{table}.{column}" for table, names in columns.items() for column in names]
            raise node.error(f"The contract has no column '{name[:80]}'.", remedy=did_you_mean(name, full))
        if found is not None:
            yield found


def _find(name: str, columns: Columns) -> tuple[str, str] | None:
    """Return the table and column that an element names; the table may be left out if there is only one."""
    for table, names in columns.items():
        column = name[len(table) + 1 :]
        if name.startswith(f"{table}.") and column in names:
            return table, column
    if len(columns) == 1:
        (table, names), *_ = columns.items()
        return (table, name) if name in names else None
    return None
