"""Runs SQL that nobody here wrote: in a process that reaches the dataset's rows and nothing else."""

from tdmvc.checks.sandbox.jobs import QueryJob, QueryLimits, QueryOutcome, QueryTable
from tdmvc.checks.sandbox.process import run_queries

__all__ = ["QueryJob", "QueryLimits", "QueryOutcome", "QueryTable", "run_queries"]
