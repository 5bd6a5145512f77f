# Needs Python 3.11 or later, make, and a package registry. Everything is installed into .venv.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
TESTS := sameboat tests

.PHONY: help setup run test lint bench clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

setup: $(VENV)/.installed ## Install what running needs

run: $(VENV)/.installed ## Load the demonstration and serve it; PORT=8000
	@$(BIN)/sameboat demo

test: $(VENV)/.installed-dev ## Run the tests, on SQLite unless DATABASE_URL says otherwise
	@$(BIN)/python -m pytest --numprocesses auto --dist loadscope -rs $(TESTS)

lint: $(VENV)/.installed-dev ## Check style, types, floors and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	SAMEBOAT_HOME=$(VENV)/lint-home $(BIN)/python manage.py makemigrations --check --dry-run

bench: $(VENV)/.installed-dev ## Measure speed, beside a peer
	@$(BIN)/python -m benchmarks

clean: ## Remove what was installed; data stay
	rm -rf $(VENV) *.egg-info

$(VENV)/bin/python:
	@for python in $$PYTHON python3.14 python3.13 python3.12 python3.11 python3 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version)"; \
			exec $$python -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "Sameboat needs Python 3.11 or later, and none was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.installed: requirements/build.txt requirements/base.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what running needs"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/base.txt
	@$(PIP) install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt $(VENV)/.installed
	@echo "Installing what testing needs"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
