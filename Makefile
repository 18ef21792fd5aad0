# The one door. It needs Python 3.11 or newer, Git and make; everything else goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
# Without compiling, which takes 20 s for files of which few are ever imported; Python compiles those itself.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile --constraint constraints.txt
# Stamps: set-up runs once, and again when the requirements have changed.
FOR_USE := .venv/.for-use
FOR_WORK := .venv/.for-work
# The tools that diff is compared with need other versions of its dependencies, so they have their own environment.
PEERS := benchmarks/.data/peers-venv
CONTRACT_PEERS := benchmarks/.data/contracts-venv
# What builds the site of the documentation is needed for nothing else.
SITE := benchmarks/.data/site-venv
# The migration tools that tests compare our readers with, installed with npm.
ORACLES := tests/oracles

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check style types floors docs docs-check docs-site bench bench-peers format package pin oracles clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(FOR_USE) ## Play the sample shop's story, from the first fixture to a database that is clean before each test
	@$(BIN)/tdmvc demo

test: $(FOR_WORK) ## Run the tests; ARGS="-k merge" chooses some
	$(BIN)/python -m pytest $(ARGS)

test-long: $(FOR_WORK) ## Run the tests with whole series of kills and many more examples of each law
	TDMVC_LONG_TESTS=1 $(BIN)/python -m pytest --override-ini timeout=1200 $(ARGS)

check: style types floors docs-check test ## All that a pull request must pass

style: $(FOR_WORK) ## Check format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(FOR_WORK) ## Check types
	$(BIN)/mypy --num-workers 2

floors: $(FOR_WORK) ## Check who may import whom
	$(BIN)/lint-imports --no-logo

docs: $(FOR_WORK) ## Regenerate the pages of docs/
	$(BIN)/python docs/generate.py

docs-check: $(FOR_WORK)
	$(BIN)/python docs/generate.py --check

docs-site: $(SITE)/.made ## Build the documentation as a site with search into build/site
	@$(SITE)/bin/python docs/site.py
	@echo "To read and search it: $(SITE)/bin/python -m http.server --bind 127.0.0.1 --directory build/site 8000"

bench: $(FOR_WORK) $(PEERS)/.made $(CONTRACT_PEERS)/.made ## Run the benchmarks; ARGS="--quick" is short, ARGS="--full" goes to 60 M rows
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(FOR_WORK) $(PEERS)/.made ## Compare diff with DuckDB, datacompy, Oxen and DVC; ARGS="--write" writes docs/performance.md
	@$(BIN)/python -m benchmarks peers $(ARGS)

format: $(FOR_WORK) ## Format the code and fix what lint can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

package: $(FOR_WORK) ## Build the wheel and the sdist into dist/, and check them
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m twine check --strict dist/*

pin: $(FOR_WORK) ## Write what is installed here into constraints.txt
	( sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable ) > constraints.new
	mv constraints.new constraints.txt

oracles: $(ORACLES)/node_modules/.made ## Install the migration tools that tests compare with; needs Node.js with npm

clean: ## Remove .venv and every cache
	rm -rf $(ORACLES)/node_modules .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .import_linter_cache dist build

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tdmvc needs Python 3.11 or newer. Name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv

$(FOR_USE): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up .venv (once)"
	$(INSTALL) --editable '.[postgres]'
	@touch $@

$(FOR_WORK): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up .venv for work on tdmvc (once)"
	$(INSTALL) --editable '.[dev]'
	@touch $(FOR_USE) $@

$(PEERS)/.made: benchmarks/peers.txt
$(CONTRACT_PEERS)/.made: benchmarks/contracts.txt
$(SITE)/.made: docs/site.txt
$(PEERS)/.made $(CONTRACT_PEERS)/.made $(SITE)/.made: | $(BIN)/python
	@echo "Setting up $(@D) (once)"
	$(BIN)/python -m venv --clear $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

$(ORACLES)/node_modules/.made: $(ORACLES)/package.json
	@echo "Setting up $(ORACLES)/node_modules (once)"
	npm install --prefix $(ORACLES) --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	@touch $@
