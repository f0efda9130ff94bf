# One command each: make demo, make test, make check. `make help` lists them all.
# Needs only GNU make, Python 3.11 or newer, and a package index that pip can reach.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first that really is Python 3.11 or newer is taken; 3.12 and 3.11 first, since a Redis server for the tests comes
# as a wheel only there. Set PYTHON=... to choose another.
PYTHON ?=
PYTHONS := python3.12 python3.11 python3.13 python3.14 python3 python
ARGS ?=
WORKERS ?= 3

BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet --quiet
READY := .venv/.ready
READY_DEV := .venv/.ready-dev

##@ Use

.PHONY: demo
demo: $(READY) ## pretend shops and a stall sell one small stock (options: ARGS="--seconds 60 --policy shared")
	@exec $(BIN)/syncworker demo $(ARGS)

.PHONY: run
run: $(READY) ## syncworker up: worker, beat and ledger in one process, on config/*.toml
	@exec $(BIN)/syncworker up $(ARGS)

##@ Work on it

.PHONY: setup
setup: $(READY_DEV) ## everything for tests and checks into .venv
	@echo "Ready: .venv"

.PHONY: test
test: $(READY_DEV) ## the whole test suite (one file: ARGS="tests/test_servers.py")
	@exec $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: prove
prove: $(READY_DEV) ## the exhaustive searches that are too long for every run
	@exec $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --timeout 7200 -m prove $(ARGS)

SEEDS ?= 1-4
HOURS ?= 0.05
REPLAY ?=

.PHONY: soak
soak: $(READY_DEV) ## long simulation with every fault (SEEDS=1-50 HOURS=0.5, REPLAY=7, ARGS="--control all"); docs/soak.md
	@exec $(BIN)/python -m tests.soak $(if $(REPLAY),--replay $(REPLAY),--seeds $(SEEDS)) --hours $(HOURS) $(ARGS)

.PHONY: bench
bench: $(READY_DEV) ## speed as ratios, into bench/results.json and docs/performance.md (some minutes; ARGS=--long)
	@exec $(BIN)/python bench/run.py $(ARGS)

.PHONY: check
check: $(READY_DEV) ## format, lint, types, import rules, dependencies
	@echo "· format"       && $(BIN)/ruff format --quiet --check .
	@echo "· lint"         && $(BIN)/ruff check --quiet .
	@echo "· types"        && $(BIN)/mypy --no-error-summary
	@echo "· imports"      && $(BIN)/lint-imports --no-logo > .venv/lint-imports.txt || { cat .venv/lint-imports.txt; exit 1; }
	@echo "· dependencies" && $(BIN)/deptry --no-ansi . 2> .venv/deptry.txt || { cat .venv/deptry.txt; exit 1; }
	@echo "All checks passed."

.PHONY: fmt
fmt: $(READY_DEV) ## rewrite the code in the house format and apply safe fixes
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: lock
lock: | $(BIN)/python ## renew requirements*.lock from pyproject.toml (ARGS="--upgrade" for newer versions)
	@test -x $(BIN)/uv || $(PIP) install uv
	@$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 \
	    --extra postgres $(ARGS) --output-file requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 \
	    --all-extras --constraint requirements.lock $(ARGS) --output-file requirements-dev.lock pyproject.toml

.PHONY: clean
clean: ## remove .venv, caches and builds
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find syncworker connectors tests -name __pycache__ -type d -prune -exec rm -rf {} + 2> /dev/null || true

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- set-up: redone only when a lock or pyproject.toml changed

$(BIN)/python:
	@set -- $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); \
	for candidate in "$$@"; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "syncworker needs Python 3.11 or newer, and none of these is: $$*." >&2; \
	    echo "Install one, or say where it is: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; \
	fi; \
	echo "Setting up .venv with $$("$$found" --version) ..."; \
	if ! "$$found" -m venv --clear .venv; then \
	    rm -rf .venv; \
	    echo "Python could not make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; \
	fi

# An environment that somebody else made may be too old.
define FITS
@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || { echo "The environment in .venv is $$($(BIN)/python --version); 3.11 or newer is needed: make clean" >&2; exit 1; }
endef

$(READY): requirements.lock pyproject.toml | $(BIN)/python
	$(FITS)
	@echo "Installing what syncworker needs (once; about a minute) ..."
	@$(PIP) install --requirement requirements.lock
	@$(PIP) install --no-deps --editable .
	@touch $@

$(READY_DEV): requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	$(FITS)
	@echo "Installing what the tests and checks need (once; about a minute) ..."
	@$(PIP) install --requirement requirements-dev.lock
	@$(PIP) install --no-deps --editable .
	@touch $(READY) $@
