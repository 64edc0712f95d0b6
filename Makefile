# Every check is defined here once, for hands and for CI. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SLITHER_VENV := .venv-slither
BENCH_VENV := .venv-bench

# What a stamp stands for is in its name; it is older than its lock when the lock changed, and then the step runs again.
RUNTIME := $(VENV)/.stamp-runtime
DEV := $(VENV)/.stamp-dev
SLITHER := $(SLITHER_VENV)/.stamp
NPM := contracts/node_modules/.stamp
BENCH_NPM := bench/node_modules/.stamp
BENCH_PEERS := $(BENCH_VENV)/.stamp
ETHEREUMJS := tests/networks/ethereumjs/node_modules/.stamp
CLIENTS := tests/clients/node_modules/.stamp

PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-warn-script-location
PYTEST_ARGS ?= -n 2 --dist loadgroup --no-loadscope-reorder --durations 15
LEAVE_OUT ?=
BENCH_ARGS ?=
DEMO_ARGS ?=

NEED_NPM = command -v npm > /dev/null || { echo "make: npm is not here; install Node 20 or newer with npm" >&2; exit 1; }

# The money rooms' tests, which are run once under coverage and once on PostgreSQL.
ROOMS := tests/reserve tests/settlement
MONEY := $(ROOMS) tests/test_money.py tests/gateway/test_four_eyes.py tests/crash/test_member_life.py

# Tests start hundreds of nodes; where this is set, each of them would compile the whole package again.
unexport PYTHONDONTWRITEBYTECODE

say = @printf '\n== %s\n' $(1)

.PHONY: help
help: ## Show the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# SET UP

$(BIN)/python:
	@command -v $(PYTHON) > /dev/null || { echo "make: $(PYTHON) is not here; install Python 3.11 or 3.12 with its venv module" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
	  || { echo "make: $(PYTHON) is $$($(PYTHON) --version); Python 3.11 or 3.12 is needed (PYTHON=python3.11 make …)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.lock pyproject.toml | $(BIN)/python
	$(call say,"Python packages of the node")
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/runtime.lock
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.lock pyproject.toml | $(BIN)/python
	$(call say,"Python packages for development")
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.lock
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $@

$(NPM): contracts/package.json contracts/package-lock.json
	$(call say,"npm packages of the contracts")
	@$(NEED_NPM)
	@cd contracts && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(ETHEREUMJS): tests/networks/ethereumjs/package.json tests/networks/ethereumjs/package-lock.json
	$(call say,"npm packages of the EthereumJS network in tests")
	@$(NEED_NPM)
	@cd tests/networks/ethereumjs && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Hardhat 3 wants a newer Node.js than most machines have, so that is a package too, and npm itself runs on it.
$(CLIENTS): $(foreach where,. nodejs caliper,$(addprefix tests/clients/$(where)/,package.json package-lock.json))
	$(call say,"npm packages of the clients that tests run")
	@$(NEED_NPM)
	@cd tests/clients/nodejs && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@cd tests/clients && PATH="$$PWD/nodejs/node_modules/.bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@cd tests/clients/caliper && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(BENCH_NPM): bench/package.json bench/package-lock.json
	$(call say,"npm packages of the benchmark's peers")
	@$(NEED_NPM)
	@cd bench && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(BENCH_PEERS): requirements/bench.lock
	$(call say,"eth-tester in an environment of its own")
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python $(PIP_INSTALL) --require-hashes -r requirements/bench.lock
	@touch $@

$(SLITHER): requirements/slither.lock
	$(call say,"Slither in an environment of its own")
	@$(PYTHON) -m venv $(SLITHER_VENV)
	@$(SLITHER_VENV)/bin/python $(PIP_INSTALL) --require-hashes -r requirements/slither.lock
	@touch $@

.PHONY: setup
setup: $(DEV) ## Install everything (.venv, and npm packages when npm is here); quick when nothing changed
	@if command -v npm > /dev/null; then $(MAKE) $(NPM) $(ETHEREUMJS) $(CLIENTS); else echo "npm is not here: its packages are left out"; fi

# RUN

.PHONY: demo
demo: $(RUNTIME) ## Run the main job: three banks, 1,200 payments, a kill -9 in the middle, an audit
	@$(BIN)/ledger-node demo $(DEMO_ARGS)

.PHONY: bench
bench: $(RUNTIME) $(BENCH_NPM) $(BENCH_PEERS) ## Measure the node beside anvil, a thin gateway, ganache and eth-tester
	@$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: bench-smoke
bench-smoke: $(RUNTIME) $(BENCH_NPM) ## See that the benchmark works, with few payments and no claim about speed
	@$(BIN)/python -m bench --smoke

# CHECK

.PHONY: test
test: ## Run every check there is, the Python tests last
	@$(MAKE) setup
	@$(MAKE) $(SLITHER) $(BENCH_NPM) $(BENCH_PEERS) $(POSTGRESQL)
	@$(MAKE) -j 2 --output-sync=target check-contracts check-code
	@$(MAKE) -j 2 --output-sync=target coverage test-postgresql
	@$(MAKE) test-python LEAVE_OUT="$(MONEY)"

.PHONY: check-contracts check-code
check-contracts: # one after another: they share the compiler's output
	@$(MAKE) test-contracts test-contracts-many artifacts-check slither
check-code:
	@$(MAKE) lint types imports hadolint bench-smoke

.PHONY: test-many
test-many: ## Run the long sets whole, as before a release: kills, power cuts, damaged pages, seeds
	@TEST_MANY=1 $(MAKE) test-python

.PHONY: test-quick
test-quick: $(DEV) lint types imports ## Run what takes minutes: style, types, imports, and the tests not marked slow
	@$(BIN)/pytest $(PYTEST_ARGS) -m "not slow"

.PHONY: test-python
test-python: $(DEV) ## Run all Python tests
	$(call say,"Python tests")
# Collected first, so that every test module is compiled: CPython 3.11.7's parser was seen to fail there, twice, for no reason.
	@$(BIN)/pytest --collect-only -qq > /dev/null || $(BIN)/pytest --collect-only -qq > /dev/null
	@$(BIN)/pytest $(PYTEST_ARGS) $(addprefix --ignore=,$(LEAVE_OUT))

POSTGRESQL := /usr/lib/postgresql

$(POSTGRESQL):
	$(call say,"Debian's PostgreSQL")
	@[ "$$(id -u)" = 0 ] || { echo "make: PostgreSQL is not here; apt-get install postgresql" >&2; exit 1; }
	@apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql > /dev/null

.PHONY: test-postgresql
test-postgresql: $(DEV) | $(POSTGRESQL) ## Run the money rooms' tests once more, with the ledger on PostgreSQL
	$(call say,"The ledger on PostgreSQL")
	@$(BIN)/python -m tests.networks.postgresql $(BIN)/pytest -q -p no:xdist $(ROOMS)

SEEDS ?= 500
FIRST ?= 0

.PHONY: simulate
simulate: $(DEV) ## Run SEEDS seeds of the simulation, from FIRST on, with a progress bar
	@$(BIN)/python -m tests.simulation $(SEEDS) $(FIRST)

.PHONY: test-contracts
test-contracts: $(NPM) ## Run the contracts' unit, fuzz and invariant tests (forge)
	$(call say,"forge tests")
	@cd contracts && npm test --silent

.PHONY: test-contracts-many
test-contracts-many: $(NPM) ## Run the contracts' invariants and models over many more runs
	$(call say,"forge tests over many runs")
	@cd contracts && FOUNDRY_PROFILE=many npm test --silent -- --match-contract 'Model|Invariants'

.PHONY: artifacts-check
artifacts-check: $(NPM) ## Compile the contracts again and compare with the committed artifacts, byte for byte
	$(call say,"Contract artifacts")
	@cd contracts && npm run --silent check

.PHONY: slither
slither: $(SLITHER) $(NPM) ## Analyse the contracts with Slither
	$(call say,"Slither")
	@cd contracts && PATH="$$PWD/node_modules/.bin:$$PATH" $(CURDIR)/$(SLITHER_VENV)/bin/slither .

.PHONY: lint
lint: $(DEV) ## Style: ruff's rules and its formatting
	$(call say,"ruff")
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: $(DEV) ## Types: mypy, strict
	$(call say,"mypy")
	@$(BIN)/mypy

.PHONY: imports
imports: $(DEV) ## Architecture: imports go down only
	$(call say,"import contracts")
	@$(BIN)/lint-imports --no-cache

.PHONY: hadolint
hadolint: $(DEV) ## Lint the Dockerfile
	$(call say,"hadolint")
	@$(BIN)/hadolint Dockerfile && echo "Dockerfile is clean."

.PHONY: coverage
coverage: $(DEV) ## Branch coverage of the money rooms
	$(call say,"Branch coverage of the money rooms")
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -p no:xdist $(MONEY)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

.PHONY: container
container: ## Build the image without a registry (root; Debian's buildah and debootstrap) and run it once
	$(call say,"Container image")
	@.ci/container

# MAKE

.PHONY: artifacts
artifacts: $(NPM) ## Compile the contracts and write their artifacts
	@cd contracts && npm run --silent build

.PHONY: docs
docs: $(DEV) ## Write the reference pages that are made from code
	@$(BIN)/python -m docs.generate

.PHONY: format
format: $(DEV) ## Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes

.PHONY: lock
lock: $(DEV) ## Resolve the dependencies again and write requirements/*.lock
	$(COMPILE) --extra dev --extra postgresql pyproject.toml -o requirements/dev.lock
	$(COMPILE) --extra postgresql -c requirements/dev.lock pyproject.toml requirements/build.in -o requirements/runtime.lock
	$(COMPILE) requirements/slither.in -o requirements/slither.lock
	$(COMPILE) requirements/bench.in -o requirements/bench.lock

.PHONY: clean
clean: ## Remove everything the targets made
	rm -rf $(VENV) $(SLITHER_VENV) $(BENCH_VENV) bench/node_modules contracts/node_modules tests/networks/ethereumjs/node_modules tests/clients/{.,nodejs,caliper}/node_modules contracts/out contracts/cache build dist htmlcov
	rm -rf .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
