"""The identity of a finding from run to run, and its place in the repository."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from tdmvc.model.finding import Finding
from tdmvc.model.review import Review
from tdmvc.render.cells import visible


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding of a review with its dataset and its identity."""

    finding: Finding
    dataset: str
    fingerprint: str
    """A SHA-256 of the rule, the place and how often both occurred before; not of the message, whose counts change."""

    @property
    def place(self) -> str:
        """Dataset, table and columns: `golden/orders (customer_id)`."""
        columns = ", ".join(map(visible, self.finding.columns))
        table = f"/{visible(self.finding.table)}" if self.finding.table else ""
        return f"{visible(self.dataset)}{table}{f' ({columns})' if columns else ''}"

    @property
    def text(self) -> str:
        """The message and what to do, made visible, a line each."""
        lines = [self.finding.message, f"Fix: {self.finding.remedy}" if self.finding.remedy else ""]
        return "\n".join(visible(line) for line in lines if line)


def placed_findings(review: Review) -> Iterator[PlacedFinding]:
    """Yield the findings of all datasets in order; no two fingerprints are equal."""
    counts: Counter[str] = Counter()
    for dataset in review.datasets:
        for finding in dataset.findings:
            identity = json.dumps([dataset.dataset, finding.table, finding.rule, list(finding.columns)])
            name = json.dumps([identity, counts[identity]])
            counts[identity] += 1
            yield PlacedFinding(finding, dataset.dataset, sha256(name.encode("ascii")).hexdigest())
