# Two commands are enough on a fresh machine: `make backfill` and `make test`.
PYTHON ?= python3.11
BIN := .venv/bin
# uv installs in a tenth of pip's time, but does not read pip's configuration: where it fails, pip installs.
UV := uv==0.13.9
COMPILE = $(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate
COMPILE_PROJECT = $(COMPILE) --python-version 3.11 pyproject.toml

# The stand-ins for BigQuery need Python 3.13. pyenv puts shims on PATH even for versions that are not active, so the
# loop checks that each candidate runs.
PYTHON_BIGQUERY ?= $(shell for python in python3.13 $(HOME)/.pyenv/versions/3.13.*/bin/python3.13; do \
	$$python -c '' 2>/dev/null && echo $$python && break; done)
NO_PYTHON_BIGQUERY = no Python 3.13 on PATH or under pyenv: install it, or pass PYTHON_BIGQUERY=/path/to/python3.13

REAL_DATA ?= $(or $(NBA_REAL_DATA),../shared/nba)

# One worker per core. The tests of a file share what they have built; conftest.py sets the order.
PARALLEL = -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# BigQuery's tests mostly wait for answers, so there is room for a third worker.
PARALLEL_BIGQUERY = -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: backfill real test test-bigquery lint setup setup-bigquery docs docs-pages benchmark benchmark-formats chaos replay \
	reproduce lock clean
.DEFAULT_GOAL := backfill

backfill: .venv/.installed  ## demo league if the warehouse is empty, then everything that is missing
	$(BIN)/python orchestrate.py demo --if-empty
	$(BIN)/python orchestrate.py backfill

SEASONS ?= 2023-24 2024-25

real: .venv/.installed  ## downloads, loads and builds real seasons; SEASONS="2022-23 current" chooses others
	$(BIN)/python orchestrate.py fetch $(SEASONS:%=--season %) --ingest
	$(BIN)/python orchestrate.py backfill

test: .venv/.installed-dev  ## dbt unit and data tests, pytest
	$(BIN)/python -m pytest $(PARALLEL)

test-bigquery: .venv/.installed-dev  ## the same models on what stands in for BigQuery; without Python 3.13 it skips
	$(if $(PYTHON_BIGQUERY),@$(MAKE) --no-print-directory setup-bigquery,@echo "SKIPPED: $(NO_PYTHON_BIGQUERY)" >&2)
	$(BIN)/python -m pytest $(PARALLEL_BIGQUERY) tests/bigquery

lint: .venv/.installed-dev  ## ruff, typos, pyrefly and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/pyrefly check --summary=none
	NBA_PHASE5_VIEW=true $(BIN)/sqlfluff lint --processes 2 models tests analyses
	NBA_PHASE3=external $(BIN)/sqlfluff lint --processes 2 models/from_external

setup: .venv/.installed

setup-bigquery: .venv-bigquery/.installed

docs: .venv/.installed  ## one offline page: target/static_index.html
	$(BIN)/dbt docs generate --static

docs-pages: .venv/.installed-dev setup-bigquery  ## the figures of docs/cost.md, from the real data; some minutes
	$(BIN)/python benchmarks/bigquery_cost.py --from $(REAL_DATA) --page docs/cost.md

benchmark: .venv/.installed-dev
	$(BIN)/python benchmarks/backfill.py

benchmark-formats: .venv/.installed-dev  ## ingest of every known shape, from the real data
	$(BIN)/python benchmarks/formats.py --from $(REAL_DATA)

chaos: .venv/.installed-dev  ## 200 kill -9 and every other fault, half an hour; `make test` has a few of each
	$(BIN)/python -m tests.chaos --kills 200

replay: .venv/.installed-dev  ## a real season night by night, with accidents, against one build of everything
	$(BIN)/python -m tests.replay

# With Python 3.13, if there is one, as a second Python. REPRODUCE="--from DIR --season 2022-23" builds real data.
reproduce: .venv/.installed-dev  ## equal hashes with any threads, windows, order, memory and Python? a quarter of an hour
	$(if $(PYTHON_BIGQUERY),@$(MAKE) --no-print-directory .venv-reproduce/.installed)
	$(BIN)/python -m tests.reproduce $(if $(PYTHON_BIGQUERY),--python .venv-reproduce/bin/python) $(REPRODUCE)

lock: .venv/.installed-dev  ## pins for every supported Python, without download addresses
	$(COMPILE_PROJECT) --group dev --upgrade -o requirements-dev.txt
	$(COMPILE_PROJECT) -c requirements-dev.txt -o requirements.txt
	$(COMPILE_PROJECT) --extra bigquery -c requirements-dev.txt -o requirements-bigquery.txt
	$(COMPILE_PROJECT) --extra evaluate -c requirements-dev.txt -o requirements-evaluate.txt
	echo 'duckdb==1.5.5' | $(COMPILE) --python-version 3.13 --group bigquery-tests --override - --upgrade \
		-o requirements-bigquery-tests.txt

clean:
	rm -rf .venv .venv-bigquery .venv-reproduce target logs

.venv/bin/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(UV)'

.venv/.installed: requirements.txt | .venv/bin/uv
	$(call install,.venv,-r $<)
	touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(call install,.venv,-r $<)
	touch $@

.venv-bigquery/.installed: requirements-bigquery-tests.txt | .venv/bin/uv
	@test -n "$(PYTHON_BIGQUERY)" || { echo "$(NO_PYTHON_BIGQUERY)" >&2; exit 1; }
	$(PYTHON_BIGQUERY) -m venv --clear .venv-bigquery
	$(call install,.venv-bigquery,--no-deps -r $<)
	touch $@

.venv-reproduce/.installed: requirements.txt | .venv/bin/uv
	$(PYTHON_BIGQUERY) -m venv --clear .venv-reproduce
	$(call install,.venv-reproduce,-r $<)
	touch $@

install = @$(BIN)/uv pip install --quiet --python $(1)/bin/python $(2) || { \
	echo "uv could not install: trying pip" >&2; \
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2); }
