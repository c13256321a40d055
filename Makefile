# Two commands to know: make demo, make test. The rest: make help.

PY ?= $(shell command -v python3.11 || command -v python3)
PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip install -qq --no-input --disable-pip-version-check --require-hashes
PRODUCTION := DEBUG=0 SECRET_KEY=only-to-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH \
	DATABASE_URL=postgres://portal@localhost/portal CELERY_BROKER_URL=redis://localhost/0 CACHE_URL=redis://localhost/1 ALLOWED_HOSTS=portal.example.org \
	SITE_URL=https://portal.example.org EMAIL_URL=smtp://mail.example.org \
	MASTER_KEYS=only-to-check-9876543210-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefgh \
	ADDRESS_KEY=only-to-check-9876543210 MAIL_FROM=events@portal.example.org
FAULTS_TABLE := var/faults.jsonl
SECURITY_TABLE := var/security.jsonl
# How long each scanner looks as each visitor, in seconds.
SCAN_SECONDS ?= 300
PORT ?= 8000
export PORT

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-quick test-slow test-sqlite test-faults check bench faults security screenshots browser requirements

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1	/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: .venv/.run  ## set up the demo and run it on http://127.0.0.1:8000 (PORT=8001 for another port)
	@$(PYTHON) -m dev.demo

test: .venv/.dev  ## set up what the tests need and pass them, on PostgreSQL and then on SQLite
	@$(PYTHON) -m ranportal.ecl.assets
	@$(PYTHON) -m dev.browser
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-quick test-slow test-sqlite
	@$(MAKE) --no-print-directory test-faults

# Two at a time, since the slow ones mostly wait for others: servers, browsers, clocks.
test-quick:
	$(PYTHON) -m pytest -m "not (slow or browser)"

test-slow:
	$(PYTHON) -m pytest -m "slow or browser" --ignore=tests/faults

test-sqlite:
	TEST_DATABASE=sqlite $(PYTHON) -m pytest -m both_databases --ignore=tests/faults

# By themselves: they kill, freeze and count seconds.
test-faults:
	$(PYTHON) -m pytest -m slow tests/faults
	TEST_DATABASE=sqlite $(PYTHON) -m pytest -m both_databases tests/faults

check: .venv/.dev  ## style, types, floors, migrations, and Django's own check of a production installation
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy ranportal accounts events registrations dev
	.venv/bin/lint-imports --no-logo
	$(PYTHON) manage.py makemigrations --check --dry-run
	@echo 'manage.py check --deploy, as in production'
	@$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

bench: .venv/.dev  ## measure: pages, releases, mails
	$(PYTHON) -m benchmarks

faults: .venv/.dev  ## the fault suite in full, which ends with one table of figures (half an hour)
	@mkdir -p -m 700 var && rm -f $(FAULTS_TABLE)
	@export FAULTS=full FAULTS_TABLE=$(FAULTS_TABLE); \
	$(PYTHON) -m pytest tests/races tests/faults tests/migrations; first=$$?; \
	TEST_DATABASE=sqlite $(PYTHON) -m pytest tests/races tests/faults tests/migrations -m both_databases; second=$$?; \
	$(PYTHON) -m tests.faults.report $(FAULTS_TABLE); exit $$((first + second))

# Each part runs, whatever the others find; any of them, and the table at the end, decides.
security: .venv/.dev .venv-scan/.made  ## hostile words, odd requests, scanners, swapped names, what it is built of (two hours)
	@mkdir -p -m 700 var && rm -f $(SECURITY_TABLE)
	@$(PYTHON) -m ranportal.ecl.assets && $(PYTHON) -m dev.browser
	.venv/bin/cyclonedx-py requirements --output-reproducible --of JSON -o var/sbom.json requirements.txt
	@export SECURITY=full SECURITY_TABLE=$(SECURITY_TABLE); red=0; \
	$(PYTHON) -m tests.security.pins || red=1; \
	$(PYTHON) -m pytest tests/security || red=1; \
	$(PYTHON) -m tests.security.scanners $(SCAN_SECONDS) || red=1; \
	$(PYTHON) -m tests.security.scope $(SECURITY_TABLE) || red=1; exit $$red

screenshots: .venv/.dev  ## take the pictures for the README again
	@$(PYTHON) -m dev.browser
	$(PYTHON) -m dev.screenshots

browser: .venv/.dev  ## fetch a Chromium for the tests where none is installed
	@$(PYTHON) -m dev.browser

requirements:  ## lock requirements*.in again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements-node.in -o requirements-node.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements-scan.in -o requirements-scan.txt

.venv/.made:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: PY=/path/to/python3.11 make ...' >&2; exit 1; }
	@echo '  … Python environment in .venv'
	@$(PY) -m venv --clear .venv || { echo 'Python cannot make an environment: install python3-venv.' >&2; exit 1; }
	@touch $@

.venv-scan/.made: requirements-scan.txt | .venv/.made
	@echo '  … Python packages of the scanners (once, a minute)'
	@$(PY) -m venv --clear .venv-scan
	@.venv-scan/bin/python -m pip install -qq --no-input --disable-pip-version-check --require-hashes -r requirements-scan.txt
	@touch $@

.venv/.run: requirements.txt requirements-node.txt | .venv/.made
	@echo '  … Python packages (once, half a minute)'
	@$(PIP) -r requirements.txt
	@command -v npm >/dev/null || { echo '  … npm (not on this machine, so from a Python package)'; $(PIP) -r requirements-node.txt; }
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	@echo '  … Python packages for the tests (once, half a minute)'
	@$(PIP) -r requirements-dev.txt
	@touch $@
