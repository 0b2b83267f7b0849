# Needs python3 (>= 3.11, with venv), make and the package registry. No Docker, no AWS account.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --durations=10
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Every process that a test starts would compile the program again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-together test-alone install check check-at-once bench format lock clean

demo: install ## the TUI on the embedded local Lambda
	@$(BIN)/lambda-tui

test: .venv/.dev ## everything: static checks beside the tests, then the tests that need the machine alone
	@$(MAKE) --no-print-directory --keep-going --jobs=2 check-at-once test-together; together=$$?; \
	  $(MAKE) --no-print-directory test-alone && exit $$together

test-together: .venv/.dev
	@$(PYTEST) -n 3 --dist worksteal -m "not timed"

test-alone: .venv/.dev
	@$(PYTEST) -m timed $$(grep -rl --include='test_*.py' 'mark\.timed' tests)

check-at-once: .venv/.dev # its lines in one piece among those of the tests
	@checks=$$($(MAKE) --no-print-directory check 2>&1); status=$$?; printf '\n%s\n' "$$checks"; exit $$status

install: .venv/.installed ## create or update .venv

check: .venv/.dev
	@$(BIN)/ruff format --check lambda_tui lambda_payloads tests
	@$(BIN)/ruff check lambda_tui lambda_payloads tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: .venv/.dev ## measured claims; writes bench-results.json
	@$(BIN)/python -m tests.bench

format: .venv/.dev
	@$(BIN)/ruff check --fix-only --quiet lambda_tui lambda_payloads tests
	@$(BIN)/ruff format lambda_tui lambda_payloads tests

lock: ## re-resolve the dependencies (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  --group build --extra services --extra speed --output-file requirements.lock pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  --group build --group dev --extra services --extra speed --constraint requirements.lock --output-file tests/requirements.lock pyproject.toml

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lambda-tui needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Creating .venv with the locked dependencies (once) ..."
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.lock pyproject.toml
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The tests' lock has all of the program's, so a new .venv is filled once. Most of it is never imported.
.venv/.dev: .venv/bin/python requirements.lock tests/requirements.lock pyproject.toml
	@$(PIP) install --no-compile --require-hashes --requirement tests/requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch .venv/.installed $@
