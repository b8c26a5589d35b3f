# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help demo demo-reset run s3 test check check-style check-types check-django format generated requirements bench bench-engine bench-judge bench-governance bench-audit bench-pages bench-pdf bench-rest bench-load clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "mlgov needs Python 3.11 or newer; name one with PYTHON=python3.11.")'
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo "Installing what mlgov needs (a minute or two, once) ..."
	@$(PIP) -r requirements/base.txt
	@touch $@

$(VENV)/.demo: requirements/demo.txt $(VENV)/.base
	@echo "Installing what the demonstration needs ..."
	@$(PIP) -r requirements/demo.txt
	@touch $@

$(VENV)/.s3: requirements/s3.txt $(VENV)/.base
	@echo "Installing what S3-compatible storage needs ..."
	@$(PIP) -r requirements/s3.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.demo
	@echo "Installing the tools of tests and checks ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.demo  ## show the product on real data at http://127.0.0.1:$(PORT)
	@exec $(BIN)/python -m mlgov.supervisor demo --port $(PORT)

demo-reset: $(VENV)/.demo  ## throw the demonstration's data away and start over
	@$(BIN)/python -m mlgov.supervisor reset
	@exec $(BIN)/python -m mlgov.supervisor demo --port $(PORT)

run: $(VENV)/.base  ## serve without the demonstration
	@exec $(BIN)/python -m mlgov.supervisor run --port $(PORT)

s3: $(VENV)/.s3  ## install what MLGOV_STORAGE_URL=s3://… needs

test: $(VENV)/.dev  ## run every test
	@$(BIN)/python -m tests.clients
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: check-style check-types check-django  ## format, lint, types, bands, and stale generated files

check-style: $(VENV)/.dev  ## format, lint and bands alone
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

check-types: $(VENV)/.dev  ## types alone
	@$(BIN)/mypy

check-django: $(VENV)/.dev  ## settings, migrations and generated files alone
	@MLGOV_VAR=var/test $(BIN)/python manage.py check
	@MLGOV_VAR=var/test MLGOV_ROLE=owner $(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py docs --check

format: $(VENV)/.dev  ## format the code and the imports
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

generated: $(VENV)/.dev  ## write the generated pages of docs/ anew
	@$(BIN)/python manage.py docs

requirements: $(VENV)/.dev  ## pin requirements/*.in anew, with hashes
	@for name in base demo s3 dev mlflow2 mlflow3 mlflow-server; do \
	  $(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-header --output-file requirements/$$name.txt requirements/$$name.in; \
	done

bench: $(VENV)/.dev  ## measure the interface of a running demonstration, and print ratios
	@$(BIN)/python -m bench.interface

bench-engine: $(VENV)/.dev  ## measure the evaluation engine beside scikit-learn and fairlearn
	@$(BIN)/python -m bench.engine

bench-judge: $(VENV)/.dev  ## measure the judge beside bare CEL on the same facts
	@$(BIN)/python -m bench.judge

bench-governance: $(VENV)/.dev  ## measure signing, gates and changes with the audit trail and without it
	@$(BIN)/python -m bench.governance

bench-pages: $(VENV)/.dev  ## measure every page with 200 projects, 100,000 runs and a million audit events
	@$(BIN)/python -m bench.pages

bench-audit: $(VENV)/.dev  ## measure sealing, proofs and verifying a million audit events
	@$(BIN)/python -m bench.audit

bench-pdf: $(VENV)/.dev  ## measure the PDF of small, normal and huge cards beside an empty document
	@$(BIN)/python -m bench.pdf

bench-rest: $(VENV)/.dev  ## measure MLflow's protocol beside `mlflow server`, at 1, 8 and 32 clients
	@$(BIN)/python -m bench.rest

bench-load: $(VENV)/.dev  ## let scripts, pipelines and people use mlgov for ten minutes: no error, no lost row, flat memory
	@$(BIN)/python -m bench.load

clean:  ## remove the virtual environment and caches; data in var/ stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
