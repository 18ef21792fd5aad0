"""Knows the machine's form of what `gc` found: `tdmvc.gc/1`, described in docs/formats."""

from tdmvc.model.garbage import GcReport


def gc_document(report: GcReport) -> dict[str, object]:
    """Return `tdmvc.gc/1`."""
    return {
        "format": "tdmvc.gc/1",
        "place": report.place,
        "grace_days": report.grace_days,
        "is_applied": report.is_applied,
        "objects": len(report.garbage),
        "bytes": report.size_bytes,
        "garbage": [
            {
                "object": one.object,
                "kind": one.kind.value,
                "bytes": one.size_bytes,
                "age_days": round(one.age_days, 2),
                "owner": one.owner or None,
                "commit": one.commit,
            }
            for one in report.garbage
        ],
        "kept": {
            "needed": report.kept.needed,
            "young": report.kept.young,
            "not_ours": report.kept.not_ours,
            "not_ours_bytes": report.kept.not_ours_bytes,
        },
        "refusals": [
            {"reason": one.reason, "message": one.message, "where": one.where or None, "remedy": one.remedy}
            for one in report.refusals
        ],
        "notes": list(report.notes),
    }
