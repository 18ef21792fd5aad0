"""The formats of the log, of a row's log and of blame."""

from tdmvc.model.history import BlameReport, HistoryReport, RowHistory
from tdmvc.render.format import Formats, OutputFormat, formats_of
from tdmvc.render.history import blame_csv, blame_terminal, log_markdown
from tdmvc.render.history.log_terminal import render_log, render_row_log

LOG_FORMATS: Formats[HistoryReport] = formats_of(
    render_log, OutputFormat("markdown", log_markdown.render_log)
)
ROW_LOG_FORMATS: Formats[RowHistory] = formats_of(render_row_log)
BLAME_FORMATS: Formats[BlameReport] = formats_of(
    blame_terminal.render,
    OutputFormat("csv", blame_csv.render),
    OutputFormat("csv-safe", blame_csv.render_safe),
)
