# The two commands of the README are `run` and `test`; `help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
FIGURES ?=
EDITION ?=
REPLICA_PORT ?= 8111
# Files of tests go to processes whole: a night of the graph is shared by the tests of its file.
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile
RIGHE ?=
SECONDI ?= 600
UCCISIONI ?= 200
export DAGSTER_HOME := $(CURDIR)/.dagster
export DAGSTER_DISABLE_TELEMETRY := 1
export UV_PYTHON_DOWNLOADS := never
# Compiled modules halve the start of every command.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-long prove-lunghe lint dev replica clean figures goalposts bench bench-italia pages schermate lock \
  guasti guasti-guardie guasti-notti guasti-uccisioni fuzz fuzz-atheris sbom

help: ## Show what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: $(READY) ## Run the main job on the embedded figures and publish mart and atlas
	@$(BIN)/will esegui

test: $(READY_DEV) ## Run every test
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q $(PARALLEL)

test-long: $(READY_DEV) ## Run the tests with the long form of the simulations
	@WILL_LONG=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q $(PARALLEL)

prove-lunghe: run $(READY_DEV) ## Flip 1,000 bits, kill 200 runs, publish under 50 readers, build 20 times: print a table
	@OMP_NUM_THREADS=2 $(BIN)/python -m benchmarks.long_proofs

lint: $(READY_DEV) ## Check style, types and import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

dev: $(READY) ## Open the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/dagster dev -w workspace.yaml --host 127.0.0.1 --port 3000

replica: $(READY_DEV) ## Serve a replica of the live sources, with generated towns, on this machine
	@$(BIN)/python -m tests.replica --porta $(REPLICA_PORT) --indirizzi .dagster/replica.yaml

clean: ## Remove the environment and all that the pipeline made
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find .dagster -mindepth 1 ! -name dagster.yaml -delete
	find data/raw -mindepth 1 -maxdepth 1 ! -name figures ! -name README.md ! -name 'consegne*' -exec rm -rf {} +
	find data/marts -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

figures: $(READY) ## Remake the embedded figures from official files: make figures FIGURES=<folder>
	@test -n "$(FIGURES)" || { echo "usage: make figures FIGURES=<folder of official files>"; exit 2; }
	@$(BIN)/python -m will_pipeline.sources.embedding "$(FIGURES)"

goalposts: $(READY) ## Freeze goalposts and class cuts of a new edition: make goalposts EDITION=<name>
	@test -n "$(EDITION)" || { echo "usage: make goalposts EDITION=<name of the new edition>"; exit 2; }
	@$(BIN)/python -m will_pipeline.indicators.freezing assets/raw data/raw/figures --edition "$(EDITION)"

bench: $(READY_DEV) ## Measure speed and coverage again, and rewrite their pages (about 12 minutes)
	@$(BIN)/python benchmarks/speed.py
	@$(BIN)/python benchmarks/coverage.py

bench-italia: $(READY_DEV) ## Measure the whole country beside pandas and PySAL (needs uv; about 20 minutes)
	@$(BIN)/python -m benchmarks.italia

pages: run ## Remake the pages of the indicators from the published mart
	@$(BIN)/python -m will_pipeline.documentation

schermate: $(READY_DEV) ## Take the pictures of the README from the published atlas
	@$(BIN)/python docs/images/screenshots.py

guasti: $(READY_DEV) ## Bring every row of the fault matrix about and print the table: RIGHE="T01 X09" for some
	@OMP_NUM_THREADS=2 $(BIN)/python -m tests.faults $(RIGHE)

guasti-guardie: $(READY_DEV) ## Disable the guards one by one: each must be noticed by a test
	@OMP_NUM_THREADS=2 $(BIN)/python -m tests.faults.guards

guasti-notti: $(READY_DEV) ## Thirty nights of random faults, with their history
	@WILL_LONG=1 OMP_NUM_THREADS=2 $(BIN)/python -m pytest -q -s tests/faults/test_nights.py

guasti-uccisioni: $(READY_DEV) ## Kill whole runs at random: UCCISIONI=200
	@OMP_NUM_THREADS=2 $(BIN)/python -m tests.faults.kills --quante $(UCCISIONI)

fuzz: $(READY_DEV) ## Spoil what readers read for SECONDI=600; what breaks is kept for the tests
	@OMP_NUM_THREADS=2 $(BIN)/python -m tests.fuzz --secondi $(SECONDI)

fuzz-atheris: $(READY_DEV) ## The same on the core parsers, guided by coverage
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.atheris_core -max_total_time=$(SECONDI) -rss_limit_mb=4096

sbom: $(READY_DEV) ## Write the list of parts (CycloneDX) of what is locked for production
	@mkdir -p data/marts
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o data/marts/sbom.cdx.json
	@echo "data/marts/sbom.cdx.json"

lock: ## Lock the requirements with hashes and without naming a registry (needs uv)
	@uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate -q -o requirements.lock
	@uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock

# uv is faster and used where it is found; plain venv and pip do the same. The lock is complete, so
# nothing is resolved: pip would otherwise refuse an extra that a locked package asks for.
define install
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=<path>")'
	@echo "Making the environment in $(VENV) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  { test -x $(BIN)/python || uv venv -q --python "$(PYTHON)" $(VENV); } && \
	  VIRTUAL_ENV=$(VENV) uv pip install -q --no-deps --require-hashes -r $(1) && \
	  VIRTUAL_ENV=$(VENV) uv pip install -q --no-deps -e . ; \
	else \
	  { test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); } && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $(1) && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e . ; \
	fi
endef

$(READY): requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $(READY)

$(READY_DEV): requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(READY_DEV) $(READY)
