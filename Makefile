# QIS: make serve | test | check | docs | fuzz | bench | help
SHELL := /bin/sh
BIN := .venv/bin
WORKERS ?= 2
SAMPLES := var/samples
export PYTHONWARNINGS := ignore::DeprecationWarning,ignore::UserWarning

.DEFAULT_GOAL := help
.PHONY: help serve env env-test test check lint types architecture docs fuzz bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

env: ## Python environment in .venv
	@tools/environment.sh run

env-test: ## The same with all that tests need
	@tools/environment.sh test

serve: env ## Sample pictures and a server on http://127.0.0.1:6543
	@$(BIN)/qis samples $(SAMPLES)
	@$(BIN)/qis serve $(SAMPLES) --data var/data

test: env-test ## All tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q

check: env-test lint types architecture docs ## Lint, types, architecture, docs, tests with coverage
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q --cov --cov-report=term:skip-covered

lint: env-test ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: env-test ## mypy --strict
	@$(BIN)/mypy

architecture: env-test ## Dependencies between packages
	@$(BIN)/lint-imports

docs: env-test ## Reference pages from the declarations, then HTML without a warning
	@env -i PATH="$$PATH" HOME="$$HOME" $(BIN)/qis reference --output docs/reference
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

fuzz: env-test ## 10,000 damaged image files
	@FUZZ_FILES=10000 $(BIN)/python -m pytest -q tests/services/test_fuzz_files.py

bench: env-test ## Time and exactness of resizing
	@$(BIN)/python bench/resample.py

clean: ## Remove what can be made again (not var/, which holds your data)
	@rm -rf .venv build dist *.egg-info docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
