"""Service levels: how old rows may be, how often they come and how long they are kept."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tdmvc.model.rules import Place


class ServiceProperty(StrEnum):
    """What a service level promises, by the standard's names."""

    LATENCY = "latency"
    """How old the newest row may be."""
    FREQUENCY = "frequency"
    """How often new rows come."""
    RETENTION = "retention"
    """How old rows may become before they are removed."""


class TimeUnit(StrEnum):
    """The unit of a service level."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One promise about the age of rows. A validation never judges it, because it never reads the clock."""

    property: ServiceProperty
    amount: Decimal
    unit: TimeUnit
    columns: tuple[tuple[str, str], ...] = ()
    """The tables and columns that hold the time; empty if none is named."""
    schedule: str | None = None
    """When another tool measures it, in that tool's own form."""
    scheduler: str | None = None
    place: Place | None = field(default=None, compare=False)
