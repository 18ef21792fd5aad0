"""The formats of the commands that report to people on a terminal, or to programs in JSON.

Each command imports those of its own report, because the others would make it start later.
"""
