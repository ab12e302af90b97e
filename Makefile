# perfkit: `make report` shows it, `make test` proves it; both set up what they need themselves.
# Needs python3 (3.11 or newer), pip, make and git. The paths below are relative on purpose:
# the checkout may lie in a folder with spaces or Chinese characters in its name.

PYTHON    ?= python3
INSTALLER ?= pip
LOCK_ARGS ?=
TEST_ARGS ?=
LAB_ARGS  ?=

VENV  := .venv
BIN   := $(VENV)/bin
PY    := $(BIN)/python
STAMP := $(VENV)/.ready
# Outputs stay in committed notebooks; what differs from run to run goes.
KEPT  := --keep-output --keep-count --keep-id \
  --extra-keys "metadata.language_info metadata.papermill cell.metadata.papermill cell.metadata.execution"

SHELL      := /bin/sh
MAKEFLAGS  += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup report test bench-kpi test-engines check lint lab lock dictionary notebooks clean FORCE

# Ready means: the set-up ended, for this place (a moved checkout has scripts that point nowhere).
READY := $(shell [ -x $(PY) ] && [ "$$(cat $(STAMP) 2>/dev/null)" = "$$(pwd)" ] && echo yes)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=python3.12      the Python to build .venv from"
	@echo "  INSTALLER=uv           install with uv instead of pip (uv does not read pip.conf)"
	@echo "  TEST_ARGS, LAB_ARGS, LOCK_ARGS   handed on to pytest, JupyterLab, uv"
	@echo "  PERFKIT_FULL=1         a missing engine fails a test instead of skipping it"

setup: $(STAMP) ## make .venv from requirements.lock (the other targets do it when needed)
	@echo "$(VENV) is ready"

report: $(STAMP) ## the bundled district's monthly review, in Chinese and English
	@$(BIN)/perfkit run monthly_review --book district_one --period 2012-09 --lang both
	@echo "$$(pwd)/reports/index.html"

test: $(STAMP) ## every test; says at its end what it left out and why
	@$(PY) -m pytest $(TEST_ARGS)

bench-kpi: $(STAMP) ## perfkit beside the bare scan, Polars and pandas (BENCH_SIZES="1000000 10000000")
	@$(PY) benchmarks/kpi.py

# Debian's default-jre-headless where there is no Java and we may install it.
test-engines: $(STAMP) ## every computed KPI on DuckDB, Polars, pandas, Spark and as plain loops, no skips
	@command -v java >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends default-jre-headless; } \
	  >/dev/null || { echo "Spark needs Java: install default-jre-headless" >&2; exit 2; }
	@$(PY) -c 'import pyspark' 2>/dev/null || \
	  $(PY) -m pip install --no-compile --quiet --require-hashes -r requirements-engines.lock
	@PERFKIT_FULL=1 $(PY) -m pytest -q tests/test_engine.py $(TEST_ARGS)

check: lint ## lint, types and the quick tests (no kernel, no browser)
	@$(PY) -m pytest -q -m "not slow and not full" tests perfkit $(TEST_ARGS)

lint: $(STAMP) ## ruff, ruff format, mypy
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

lab: $(STAMP) ## JupyterLab in notebooks/, on this machine only, with a token
	@mkdir -p $(VENV)/etc/jupyter/labconfig
	@echo '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}' \
	  >$(VENV)/etc/jupyter/labconfig/page_config.json
	@$(PY) -m jupyterlab --notebook-dir=notebooks --ServerApp.ip=127.0.0.1 $(LAB_ARGS)

lock: $(STAMP) ## re-make the two locks (newest versions: LOCK_ARGS=--upgrade)
	@$(PY) -m uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock $(LOCK_ARGS)
	@$(PY) -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	  e = p["optional-dependencies"]; print(*e["spark"], *e["postgres"], sep="\n")' | \
	  $(PY) -m uv pip compile - --universal --generate-hashes -c requirements.lock \
	  --python-version 3.11 --no-emit-index-url --no-header --no-annotate --quiet -o requirements-engines.lock $(LOCK_ARGS)

dictionary: $(STAMP) ## re-write the data dictionary in data/README.md from the schema
	@$(PY) -c 'from pathlib import Path; from perfkit.book import schema; \
	  path = Path("data/README.md"); mark = "<!-- dictionary -->\n"; \
	  head = path.read_text(encoding="utf-8").split(mark)[0]; \
	  path.write_text(head + mark + "\n" + schema.dictionary(), encoding="utf-8")'

NOTEBOOKS = $(shell find notebooks -name '*.ipynb' -not -path '*/.*')

notebooks: $(STAMP) ## run every notebook with its defaults and keep its outputs, normalised
	@$(PY) -m nbconvert --to notebook --execute --inplace $(NOTEBOOKS)
	@$(BIN)/nbstripout $(KEPT) $(NOTEBOOKS)

clean: ## remove .venv and the caches; reports/ and data/ stay
	rm -f $(PY) && rm -rf $(VENV)
	rm -rf .mypy_cache .ruff_cache .pytest_cache build dist
	find perfkit tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The mark .unfinished stands while a set-up works: the next call starts afresh where it still
# stands, where the Python is gone, and where the checkout was moved. Otherwise only what changed
# in the lock is installed. A Python without ensurepip (Debian's, without python3-venv) makes the
# environment bare and lets its own pip fill it.
$(STAMP): requirements.lock pyproject.toml $(if $(READY),,FORCE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "perfkit needs Python 3.11 or newer; name one: make setup PYTHON=python3.12" >&2; \
	  exit 2; }
	@if [ -e $(VENV)/.unfinished ] || ! $(PY) -c '' 2>/dev/null || \
	  { [ -e $(STAMP) ] && [ "$$(cat $(STAMP))" != "$$(pwd)" ]; }; then \
	  echo "making $(VENV)" >&2; \
	  rm -f $(PY) && rm -rf $(VENV) && mkdir $(VENV) && touch $(VENV)/.unfinished && \
	  { $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
	    $(PYTHON) -m venv --without-pip $(VENV); }; \
	fi
	@touch $(VENV)/.unfinished && rm -f $(STAMP)
	@if [ "$(INSTALLER)" = uv ]; then set -- uv pip install --python $(PY) --quiet; \
	elif $(PY) -m pip --version >/dev/null 2>&1; then \
	  set -- $(PY) -m pip install --no-compile --quiet; \
	else \
	  set -- $(PYTHON) -m pip --python $(PY) install --no-compile --quiet; \
	fi; \
	echo "installing requirements.lock with $(INSTALLER) (a minute or two the first time)" >&2; \
	"$$@" --require-hashes -r requirements.lock && "$$@" --no-deps --no-build-isolation -e .
	@pwd >$(STAMP)
	@rm -f $(VENV)/.unfinished

FORCE:
