"""The formats of the log, of a row's log and of blame."""

from tdmvc.model.history import BlameReport, HistoryReport, RowHistory
from tdmvc.render.format import FormatEntry, Formats, RenderOptions, formats_of, json_text


def _log_terminal(report: HistoryReport, options: RenderOptions) -> str:
    from tdmvc.render.history.log_terminal import render_log

    return render_log(report, color=options.color, width=options.width)


def _log_json(report: HistoryReport, options: RenderOptions) -> str:
    from tdmvc.render.documents import document

    return json_text(document(report))


def _row_log_terminal(history: RowHistory, options: RenderOptions) -> str:
    from tdmvc.render.history.log_terminal import render_row_log

    return render_row_log(history, color=options.color, width=options.width)


def _row_log_json(history: RowHistory, options: RenderOptions) -> str:
    from tdmvc.render.documents import document

    return json_text(document(history))


def _blame_terminal(report: BlameReport, options: RenderOptions) -> str:
    from tdmvc.render.history.blame_terminal import render_blame

    return render_blame(report, color=options.color, width=options.width)


def _blame_json(report: BlameReport, options: RenderOptions) -> str:
    from tdmvc.render.documents import document

    return json_text(document(report))


def _blame_csv(report: BlameReport, options: RenderOptions) -> str:
    from tdmvc.render.history.csv import blame_csv_lines

    return "".join(blame_csv_lines(report))


LOG_FORMATS: Formats[HistoryReport] = formats_of(_log_terminal, FormatEntry("json", _log_json))
ROW_LOG_FORMATS: Formats[RowHistory] = formats_of(_row_log_terminal, FormatEntry("json", _row_log_json))
BLAME_FORMATS: Formats[BlameReport] = formats_of(
    _blame_terminal, FormatEntry("json", _blame_json), FormatEntry("csv", _blame_csv)
)
