"""The formats of an application's migrations."""

from tdmvc.model.migration import MigrationsReport
from tdmvc.render.format import Formats, formats_of
from tdmvc.render.migrations import terminal

FORMATS: Formats[MigrationsReport] = formats_of(terminal.render)
