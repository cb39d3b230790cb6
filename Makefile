# Two commands are enough on a fresh machine: `make backfill` and `make test`.
PYTHON ?= python3.11
BIN := .venv/bin
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate pyproject.toml

.PHONY: backfill test lint setup docs benchmark chaos lock clean
.DEFAULT_GOAL := backfill

backfill: .venv/.installed  ## demo league if the warehouse is empty, then everything that is missing
	$(BIN)/python orchestrate.py demo --if-empty
	$(BIN)/python orchestrate.py backfill

test: .venv/.installed-dev  ## dbt unit and data tests, pytest
	$(BIN)/python -m pytest

lint: .venv/.installed-dev  ## ruff and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 models tests analyses

setup: .venv/.installed

docs: .venv/.installed  ## one offline page: target/static_index.html
	$(BIN)/dbt docs generate --static

benchmark: .venv/.installed-dev
	$(BIN)/python benchmarks/backfill.py

chaos: .venv/.installed-dev  ## 200 kill -9 and every other fault, half an hour; `make test` has a few of each
	$(BIN)/python -m tests.chaos --kills 200

lock: .venv/.installed-dev  ## pins for every supported Python, without download addresses
	$(BIN)/pip install --quiet uv
	$(COMPILE) --group dev --upgrade -o requirements-dev.txt
	$(COMPILE) -c requirements-dev.txt -o requirements.txt
	$(COMPILE) --extra bigquery -c requirements-dev.txt -o requirements-bigquery.txt

clean:
	rm -rf .venv target logs

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
