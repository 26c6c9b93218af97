# Two commands: `make run` starts MedWeb, `make test` checks and tests it. `make check` is the first half of that.
PYTHON ?= python3
VENV ?= .venv
export MEDWEB_VENV := $(VENV)
# Spinning OpenMP threads on shared cores made fits forty times slower.
export OMP_NUM_THREADS ?= 1
export OMP_WAIT_POLICY ?= PASSIVE
# pytest-django reads the settings before any conftest.py, so the environment comes as a plugin.
export PYTEST_PLUGINS := tests.environment
# More than the cores of a small machine: half of the time a test waits for a server, a worker or a browser.
WORKERS ?= 4

.PHONY: run test check install dev

run:
	@exec $(PYTHON) -m medweb.launcher run

install:
	@$(PYTHON) -m medweb.launcher install

dev:
	@$(PYTHON) -m medweb.launcher dev

check: dev
	@$(VENV)/bin/python -m tests.check

test: check
	@$(VENV)/bin/python -m pytest -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder
