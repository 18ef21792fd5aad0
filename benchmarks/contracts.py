"""What validation costs, compared with datacontract-cli and with the validators of Python."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contracts_data import CUSTOMERS, ORDERS, RULES, write_edited, write_shop
from benchmarks.contracts_in_process import forget
from benchmarks.figures import Figure, in_megabytes, in_seconds, ratio_of_bytes
from benchmarks.lineitem import DATA
from benchmarks.processes import TDMVC, Side, Timing, alternate, measure, run
from benchmarks.repository import DATASET, Repository
from tdmvc.store.state_folder import state_folder

PYTHON_OF_PEERS = DATA / "contracts-venv" / "bin" / "python"
"""Of the virtual environment that the Makefile makes from benchmarks/contracts.txt."""
_EDITED_ROWS = 1_000
_EDITS = {"1.0.1": "numbers and references", "1.0.2": "numbers, references and unique values"}
"""What was edited, by the version."""
_KNOWN = ("validation.sqlite", "hashes")
_PEER_FILE = str(Path(__file__).with_name("contracts_peers.py"))


@dataclass(frozen=True, slots=True)
class _Validator:
    """A validator of Python that is asked for a sample."""

    name: str
    rows: int
    """Of the sample; the first ones."""
    target: float | None = None


_VALIDATORS = (
    _Validator("jsonschema", 50_000, 0.01),
    _Validator("jsonschema-rs", 500_000),
    _Validator("pandera", 1_000_000),
)


@dataclass(frozen=True, slots=True)
class _Shop:
    """A repository with orders in three versions: 1.0.0, and this one after each edit."""

    repository: Repository
    source: Path
    rows: int

    @property
    def what(self) -> str:
        return f"{self.rows / 1e6:g} M rows × 11 columns, {RULES} rules"

    @property
    def known(self) -> list[Path]:
        """Return what keeps the results of earlier validations: counts, and hashes of unique values."""
        return [state_folder(self.repository.root) / name for name in _KNOWN]

    def forget(self) -> None:
        """Remove the results of earlier validations."""
        for path in self.known:
            forget(path)

    @property
    def contract(self) -> str:
        return str(self.source / "contract.yaml")

    def validate(self, version: str, *words: str) -> tuple[str, ...]:
        return (*TDMVC, "validate", f"{DATASET}@{version}", "--contract", self.contract, *words)


def measure_contracts(work: Path, *, rows: int, runs: int) -> Iterator[Figure]:
    """Compare `tdmvc validate` with its peers, all by processor time, and with itself after an edit.

    Args:
        work: an empty folder; at ten million rows, a gigabyte is written there.
        runs: turns per comparison, after one that does not count.
    """
    if not PYTHON_OF_PEERS.exists():
        raise SystemExit(
            "The peers are missing. Run the benchmarks with make, which installs them: make bench"
        )
    shop = _make_shop(work, rows)
    peer = Side((str(PYTHON_OF_PEERS.with_name("datacontract")), "test", "contract.yaml"), shop.source)
    ours, theirs = alternate(
        Side(shop.validate("1.0.0", "--full"), shop.repository.root), peer, runs=runs, is_warmed=runs > 1
    )
    yield _ratio_of_processor(f"validate --full: {shop.what}", ours, theirs, "datacontract-cli", 0.5)
    yield ratio_of_bytes(
        "the same: peak memory", ours.peak_bytes, theirs.peak_bytes, "datacontract-cli", 0.25
    )
    yield from _compare_with_samples(shop, rows / ours.cpu_median)
    for version, what in _EDITS.items():
        yield from _measure_edit(shop, version, what, runs=runs)


def measure_large_contract(work: Path, *, rows: int) -> Iterator[Figure]:
    """Measure one full validation of many rows, and one after an edit."""
    shop = _make_shop(work, rows)
    full = measure(Side(shop.validate("1.0.0", "--full"), shop.repository.root))
    yield Figure(f"validate --full: {shop.what}", f"{in_seconds(full.cpu_median)} CPU", "")
    yield Figure(
        "the same: peak memory",
        in_megabytes(full.peak_bytes),
        "",
        full.peak_bytes / (1 << 30),
        1.5,
        "GiB",
    )
    for version, what in _EDITS.items():
        yield from _measure_edit(shop, version, what, runs=1)


def _make_shop(work: Path, rows: int) -> _Shop:
    source = work / "data"
    source.mkdir()
    write_shop(source, rows)
    repository = Repository(work / "app")
    repository.create()
    tables = (str(source / f"{name}.parquet") for name in (CUSTOMERS, ORDERS))
    repository.tdmvc("add", DATASET, *tables, "--key", f"{CUSTOMERS}=id", "--key", f"{ORDERS}=id")
    repository.publish("1.0.0")
    edited = work / "edited" / f"{ORDERS}.parquet"
    edited.parent.mkdir()
    for version in _EDITS:
        write_edited(
            source, edited, rows=rows, edited=min(_EDITED_ROWS, rows // 10), has_new_codes=version == "1.0.2"
        )
        repository.tdmvc("add", DATASET, str(edited))
        repository.publish(version)
    shutil.rmtree(edited.parent)
    return _Shop(repository, source, rows)


def _compare_with_samples(shop: _Shop, ours: float) -> Iterator[Figure]:
    """Compare rows per second of the processor: ours of a whole process, theirs of the validation alone."""
    for one in _VALIDATORS:
        rows = str(min(one.rows, shop.rows))
        path = str(shop.source / f"{ORDERS}.parquet")
        found = json.loads(run(shop.source, str(PYTHON_OF_PEERS), _PEER_FILE, one.name, path, rows))
        theirs = found["rows"] / found["seconds"]
        yield Figure(
            "rows per second of the processor",
            f"{ours:,.0f}",
            f"{theirs:,.0f} {one.name}, {found['rows']:,} rows, no reference or unique column",
            theirs / ours,
            one.target,
        )


def _measure_edit(shop: _Shop, version: str, what: str, *, runs: int) -> Iterator[Figure]:
    """Validate after an edit, compared with the first validation: in one process, and as whole processes."""
    edit = f"validate after an edit of {_EDITED_ROWS:,} neighbouring rows: {what}"
    words = (
        str(shop.repository.root),
        shop.contract,
        f"{DATASET}@1.0.0",
        f"{DATASET}@{version}",
        *map(str, shop.known),
    )
    module = (sys.executable, "-m", "benchmarks.contracts_in_process", *words)
    taken = [json.loads(run(Path.cwd(), *module)) for _ in range(runs)]
    first, edited, again = (
        Timing((), 0, tuple(one[name] for one in taken)) for name in ("first", "edited", "again")
    )
    yield _ratio_of_processor(f"{edit}, in Python", edited, first, "the first validation, in Python", 0.05)
    yield _ratio_of_processor("validate what was validated, in Python", again, first, "the first validation")
    shop.forget()
    first = measure(Side(shop.validate("1.0.0"), shop.repository.root))
    kept = [path.with_name(f"kept-{path.name}") for path in shop.known]
    for path, place in zip(shop.known, kept, strict=True):
        forget(place)
        path.replace(place)

    def restore() -> None:
        shop.forget()
        for path, place in zip(shop.known, kept, strict=True):
            copy = shutil.copytree if place.is_dir() else shutil.copy
            copy(place, path)

    side = Side(shop.validate(version), shop.repository.root, restore)
    turns = [measure(side).cpu_median for _ in range(runs)]
    whole = Timing((), 0, tuple(turns))
    yield _ratio_of_processor(f"{edit}, whole processes", whole, first, "the first validation")


def _ratio_of_processor(
    what: str, ours: Timing, peer: Timing, peer_name: str, target: float | None = None
) -> Figure:
    turns = [mine / theirs for mine, theirs in zip(ours.cpu_seconds, peer.cpu_seconds, strict=False)]
    spread = f" ({min(turns):.3g}–{max(turns):.3g})" if len(turns) > 1 else ""
    return Figure(
        what,
        f"{in_seconds(ours.cpu_median)} CPU",
        f"{in_seconds(peer.cpu_median)} {peer_name}",
        ours.cpu_median / peer.cpu_median,
        target,
        spread=spread,
    )
