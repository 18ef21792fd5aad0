"""The methods of `Repository` about contracts, and rows that must keep them."""

from collections.abc import Sequence

from tdmvc.actions.check import check
from tdmvc.actions.contract_import import ContractImportOptions, import_contract
from tdmvc.actions.contract_infer import InferOptions, apply_inferred, infer_contract
from tdmvc.actions.contracts import ContractExportOptions, diff_contract, export_contract, show_contract
from tdmvc.actions.validate import ValidationRequest, validate
from tdmvc.api.arguments import PathLike, location_of
from tdmvc.api.base import OpenRepository, method
from tdmvc.model.contract_changes import ContractDiff
from tdmvc.model.contract_report import ContractExport, ContractImport, ContractReport, ContractSource
from tdmvc.model.finding import CheckReport, Severity
from tdmvc.model.inference import MINIMUM_ROWS, InferenceReport
from tdmvc.model.rule_words import result_line
from tdmvc.model.validation import ValidationReport


class ContractMethods(OpenRepository):
    """Contracts: checked, shown, compared, read and written."""

    @method("check")
    def check(self, *datasets: str, rows: bool = False, pushed: bool = False) -> CheckReport:
        """Check manifests, versions and pointers, and with `rows` all rows against the contract."""
        return check(self._workspace, datasets, rows=rows, pushed=pushed)

    @method("validate")
    def validate(
        self,
        *refs: str,
        contract: PathLike | None = None,
        tables: Sequence[str] = (),
        examples: int = 10,
        database: PathLike | None = None,
        format: str | None = None,
    ) -> tuple[ValidationReport, ...]:
        """Evaluate every rule of a contract on the rows of states, or of a database, and report on each.

        Args:
            contract: what counts in the place of the dataset's own; a reference, a file, `migrations` or a URL.
            format: of that file, if its content does not tell.
        """
        request = ValidationRequest(
            contract=_source(contract, format) if contract is not None else None,
            tables=tuple(tables),
            examples=examples,
        )
        location = location_of(database) if database is not None else None
        return validate(self._workspace, refs, request, database=location)

    def assert_valid(
        self,
        *refs: str,
        tables: Sequence[str] = (),
        warnings: bool = False,
        database: PathLike | None = None,
    ) -> None:
        """Raise an AssertionError that names the broken rules and their first rows, unless all rules are kept.

        Args:
            warnings: rules of the severity warning count, too.
            database: validate its rows instead, against the contract of a dataset: what an application wrote in a test.
        """
        __tracebackhide__ = True  # pytest shows the line of the test
        level = Severity.WARNING if warnings else Severity.ERROR
        for report in self.validate(*refs, tables=tables, examples=1, database=database):
            if report.fails(level):
                lines = [f"- {result_line(one)}" for one in report.failures]
                raise AssertionError("\n".join([f"{report.subject} is not valid:", *lines]))

    @method("contract show")
    def contract_show(
        self,
        contract: PathLike | None = None,
        *,
        tables: Sequence[str] = (),
        format: str | None = None,
    ) -> ContractReport:
        """Return the rules of a contract, table by table; without one, of the only dataset's.

        Args:
            contract: a reference, a file in any format, `migrations` or a folder of them, or the URL of a database.
            format: of the file, or the tool of the migrations; by default, what their content says.
        """
        return show_contract(
            self._workspace, _source(contract, format) if contract is not None else None, tables
        )

    @method("contract diff")
    def contract_diff(self, old: PathLike, new: PathLike, *, tables: Sequence[str] = ()) -> ContractDiff:
        """Compare two contracts: what got stricter, whom it may break, and which version that calls for."""
        return diff_contract(self._workspace, _source(old), _source(new), tables)

    @method("contract import")
    def contract_import(
        self,
        source: PathLike,
        dataset: str,
        *,
        tables: Sequence[str] = (),
        table: str | None = None,
        dialect: str | None = None,
        format: str | None = None,
        dry_run: bool = False,
    ) -> ContractImport:
        """Add what a file, `migrations` or a database declare to the contract of a dataset.

        Args:
            tables: only these, also those that the dataset does not have.
            table: the one that a schema of a single record describes.
            dialect: of an SQL script.
        """
        options = ContractImportOptions(tuple(tables), table, dialect, dry_run)
        return import_contract(self._workspace, _source(source, format), dataset, options)

    @method("contract export")
    def contract_export(
        self, contract: PathLike, to: str, *, tables: Sequence[str] = (), dialect: str | None = None
    ) -> ContractExport:
        """Return a contract as a text in another format, with notes on what that format cannot say."""
        return export_contract(
            self._workspace, _source(contract), ContractExportOptions(to, tuple(tables), dialect)
        )

    @method("contract infer")
    def contract_infer(
        self,
        ref: str,
        *,
        tables: Sequence[str] = (),
        minimum_rows: int = MINIMUM_ROWS,
        apply: bool = False,
        rules: Sequence[str] = (),
    ) -> InferenceReport:
        """Propose rules that all rows of a state keep, each with its evidence.

        Args:
            minimum_rows: how many rows must support a rule.
            apply: write them into the contract.
            rules: the ids of those to write; none means all.
        """
        report = infer_contract(self._workspace, ref, InferOptions(tuple(tables), minimum_rows))
        return apply_inferred(self._workspace, report, tuple(rules) or None) if apply else report


def _source(contract: PathLike, file_format: str | None = None) -> ContractSource:
    return ContractSource(str(contract), location_of(contract), file_format)
