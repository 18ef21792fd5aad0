"""The formats of the commands about environments."""

from tdmvc.model.environment_report import (
    DownReport,
    EnvironmentList,
    EnvironmentReset,
    RunReport,
    ShownEnvironment,
    TemplatesReport,
    UpReport,
)
from tdmvc.render.environments import run_junit, run_markdown, terminal
from tdmvc.render.environments.terminal import kept_text
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of

__all__ = [
    "DOWN_FORMATS",
    "LIST_FORMATS",
    "RESET_FORMATS",
    "RUN_FORMATS",
    "SHOWN_FORMATS",
    "TEMPLATES_FORMATS",
    "UP_FORMATS",
    "kept_text",
]

RUN_FORMATS: Formats[RunReport] = formats_of(
    terminal.render_run,
    OutputFormat("junit", run_junit.render, escape=escape_markup),
    OutputFormat("markdown", run_markdown.render),
)
UP_FORMATS: Formats[UpReport] = formats_of(terminal.render_up)
DOWN_FORMATS: Formats[DownReport] = formats_of(terminal.render_down)
RESET_FORMATS: Formats[EnvironmentReset] = formats_of(terminal.render_reset)
LIST_FORMATS: Formats[EnvironmentList] = formats_of(terminal.render_list)
TEMPLATES_FORMATS: Formats[TemplatesReport] = formats_of(terminal.render_templates)
SHOWN_FORMATS: Formats[ShownEnvironment] = formats_of(terminal.render_shown)
