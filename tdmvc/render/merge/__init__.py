"""The formats of a merge, of what it left to resolve, and of a revert."""

from tdmvc.model.merge_report import MergeReport, ResolveReport, RevertReport
from tdmvc.render.format import Formats, formats_of
from tdmvc.render.merge import resolve_terminal, revert_terminal, terminal

MERGE_FORMATS: Formats[MergeReport] = formats_of(terminal.render)
RESOLVE_FORMATS: Formats[ResolveReport] = formats_of(resolve_terminal.render)
REVERT_FORMATS: Formats[RevertReport] = formats_of(revert_terminal.render)
