"""Proposes rules that the rows of a dataset keep: from one scan of each table, checked as any rule is."""

from tdmvc.checks.inference.infer import infer_rules

__all__ = ["infer_rules"]
