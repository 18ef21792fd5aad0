"""The formats of what the verbs of contracts return."""

from tdmvc.model.contract_changes import ContractDiff
from tdmvc.model.contract_report import ContractImport, ContractReport
from tdmvc.model.inference import InferenceReport
from tdmvc.render.contract import (
    diff_markdown,
    diff_terminal,
    import_markdown,
    import_terminal,
    infer_markdown,
    infer_terminal,
    show_markdown,
    show_terminal,
)
from tdmvc.render.format import Formats, OutputFormat, formats_of

SHOW_FORMATS: Formats[ContractReport] = formats_of(
    show_terminal.render, OutputFormat("markdown", show_markdown.render)
)
DIFF_FORMATS: Formats[ContractDiff] = formats_of(
    diff_terminal.render, OutputFormat("markdown", diff_markdown.render)
)
INFER_FORMATS: Formats[InferenceReport] = formats_of(
    infer_terminal.render, OutputFormat("markdown", infer_markdown.render)
)
IMPORT_FORMATS: Formats[ContractImport] = formats_of(
    import_terminal.render, OutputFormat("markdown", import_markdown.render)
)
