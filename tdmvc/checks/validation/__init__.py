"""Evaluates every rule of a contract on the rows of its tables: exact counts, and the rows that break it.

All commands evaluate rules here. `rule_findings` turns results into findings, and `new_violations` tells what a
change broke. `cache` imports nothing that evaluates rules.
"""
