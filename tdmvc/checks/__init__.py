"""What is wrong with rows and schemas, returned as findings, never raised.

Each file holds one check and is named after what it checks. A check is pure: whoever calls
it has read the data, the migrations and the manifest before.

Rules of contracts are evaluated in folders: `predicates` turns tests of single rows into SQL, `validation` gives exact
counts and the failing rows, `sandbox` runs a contract's own queries, and `inference` proposes rules. `rule_findings`
makes findings of the results, and `new_violations` tells new ones from old ones.
"""
