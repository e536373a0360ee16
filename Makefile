# make start: set up and serve.  make test: set up and test.  Everything stays inside this checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export HODEI_DATA ?= $(CURDIR)/.hodei

.PHONY: start test lint features bench setup schemas java-runtime clean new-service

start: setup
	$(BIN)/hodei start $(ARGS)

setup: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "hodei needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

lint: setup
	$(BIN)/ruff check src tests bench examples
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n 2 $(ARGS)

features: setup
	$(BIN)/pytest -n 2 --prove; $(BIN)/python -m hodei.features > docs/features.md

bench: setup
	$(BIN)/python -m bench $(ARGS)

new-service: setup
	$(BIN)/python -m hodei.scaffold $(NAME)

schemas: setup
	$(BIN)/python tests/laws/test_schemas.py

java-runtime: setup
	$(BIN)/python tests/services/lambda_/test_java.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
