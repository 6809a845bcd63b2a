# EXACT's commands. Each does its own set-up: `make up`, `make test`, `make check` work in a fresh clone that has
# python3 (3.11 or later), python3-venv, make and git. ARGS are handed on: make up ARGS="--demo --port 8001"

PYTHON ?= python3
ARGS ?=
ONLY ?=
PROCESSES ?= 2
SECONDS ?= 300

VENV := .venv
BIN := $(VENV)/bin
WEB := exact/web
CLIENT := $(WEB)/static/dist/.built
SOURCES := $(shell find $(WEB)/src -type f 2>/dev/null) $(wildcard $(WEB)/*.ts $(WEB)/tsconfig*.json $(WEB)/package.json)
SAY = @printf '\033[1m%s\033[0m\n'
NPM = cd $(WEB) && PATH="$(abspath $(BIN)):$$PATH" npm
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps

# A house's proxy may sign with a certificate of its own: npm believes whom the system believes.
NODE_EXTRA_CA_CERTS ?= $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt))
export NODE_EXTRA_CA_CERTS

.DEFAULT_GOAL := help
.PHONY: help up test check bench soak fuzz lock schema clean chromium
.DELETE_ON_ERROR:

help:
	@echo 'make up [ARGS="--port 8001 --demo"]  start EXACT on this machine'
	@echo 'make test [ARGS="-k live"]            every test, against real servers and a real browser; PROCESSES=4 at once'
	@echo 'make check                            linters, types, import rules, generated files'
	@echo 'make bench [ONLY=word]                measure, print a table, write bench.json'
	@echo 'make soak [ONLY=word]                 run the long trials (an hour and more), print a table, write soak.json'
	@echo 'make fuzz [SECONDS=600]               throw made-up bytes at what the web process reads of a TIFF'
	@echo 'make lock | schema | clean            renew the locks | the generated files | remove what was built'

up: $(VENV)/.runtime $(CLIENT)
	@exec $(BIN)/python manage.py up $(ARGS)

test: $(VENV)/.dev $(CLIENT) chromium
	$(SAY) 'The client'"'"'s tests'
	@$(NPM) run --silent test
	$(SAY) 'Tests against real servers and a real browser'
	@$(BIN)/python -m pytest -n $(PROCESSES) $(ARGS)

check: $(VENV)/.dev $(CLIENT)
	$(SAY) 'Style'
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: run $(BIN)/ruff format .'; exit 1; }
	$(SAY) 'Types'
	@$(BIN)/mypy
	@$(NPM) run --silent check
	$(SAY) 'Who imports whom'
	@$(BIN)/lint-imports --no-logo
	$(SAY) 'Generated files and migrations'
	@$(BIN)/python manage.py write_schema --check
	@$(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	$(SAY) 'Compose files'
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose/compose*.yml

bench: $(VENV)/.dev $(CLIENT)
	@$(BIN)/python -m tests.benchmarks $(ONLY)

soak: $(VENV)/.dev $(CLIENT)
	@$(BIN)/python -m tests.soak $(ONLY)

schema: $(VENV)/.dev
	@$(BIN)/python manage.py write_schema

fuzz: $(VENV)/.dev
	@$(BIN)/python -m tests.tiles.fuzz_tiff_index $(SECONDS) -1

lock: $(VENV)/.dev
	$(SAY) 'Locking versions and hashes'
	@for set in runtime dev; do UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	  requirements/$$set.in --output-file requirements/$$set.txt; done
	@$(NPM) install --package-lock-only --loglevel=error

clean:
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/static/dist bench.json soak.json test-artifacts .pytest_cache .mypy_cache .ruff_cache

# --- set-up -----------------------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	$(SAY) 'Making the virtual environment'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'EXACT needs Python 3.11 or later; this is '"$$($(PYTHON) -V)"'. Say make PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'Python has no venv here; on Debian: apt-get install python3-venv'; exit 1; }

$(VENV)/.runtime: requirements/runtime.txt | $(VENV)/bin/python
	$(SAY) 'Installing the Python packages (about a minute)'
	@$(PIP) -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/bin/python
	$(SAY) 'Installing the Python packages for tests (about a minute)'
	@$(PIP) -r $<
	@touch $@ $(VENV)/.runtime

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json | $(VENV)/.runtime
	$(SAY) 'Installing the packages of the client'
	@$(NPM) ci --loglevel=error >/dev/null
	@touch $@

$(CLIENT): $(SOURCES) $(WEB)/node_modules/.installed
	$(SAY) 'Building the client'
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

# The journeys drive Debian's chromium; where it cannot be installed they are counted as skipped, loudly.
chromium:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    printf '\033[1m%s\033[0m\n' 'Installing chromium for the browser journeys'; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
	      || echo 'WARNING: chromium could not be installed; THE BROWSER JOURNEYS WILL BE SKIPPED'; \
	  else echo 'WARNING: no chromium here; THE BROWSER JOURNEYS WILL BE SKIPPED (apt-get install chromium)'; fi; }
