"""The formats of `check`."""

from tdmvc.model.finding import CheckReport
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of
from tdmvc.render.reports import check, check_github, check_junit

CHECK_FORMATS: Formats[CheckReport] = formats_of(
    check.render,
    OutputFormat("github", check_github.render),
    OutputFormat("junit", check_junit.render, escape=escape_markup),
)
