# Every target sets up what it needs: a virtual environment in .venv, nothing outside this folder.
# Needs Python >= 3.11, git and make. PYTHON=... picks another interpreter.

VENV := .venv
RUN := $(VENV)/bin/python
PYTEST := $(RUN) -m pytest
# One process more than cores; neighboring tests, which share fixtures, stay together.
PARALLEL := -n auto --dist worksteal
# Rooms whose kernels are run as Python as well, which shows the lines that no test reaches. NumPy warns
# where machine code goes on with infinities, NaN and integers that wrap around.
INTERPRETED := $(notdir $(wildcard $(addprefix tests/unit/,model curvature tunneling)))
COVERED := 90
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11 python3
# A changed list of dependencies, or a folder that was moved, makes the set-up run again.
DEMO := campaigns/quickstart
HERE := $(firstword $(shell pwd | cksum))
ENVIRONMENT := $(VENV)/.made-$(HERE)
PROJECT := $(VENV)/.project-$(HERE)
TESTS := $(VENV)/.group-test-$(HERE)
BENCHMARKS := $(VENV)/.group-bench-$(HERE)
DOCUMENTATION := $(VENV)/.group-docs-$(HERE)

.PHONY: help demo test physics soak coverage check lint types contracts bench docs clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo       a whole campaign on one glass: double wells, tunnel splittings, a report'
	@echo 'make test       the tests: a few minutes on two cores'
	@echo 'make physics    the long statistical tests'
	@echo 'make soak       the long tests of the store and the engines: kills, flipped bits'
	@echo 'make coverage   lines of the numerical kernels that tests reach, run as plain Python'
	@echo 'make check      lint, format, types, import contract, tests'
	@echo 'make bench      the benchmarks, as ratios to baselines measured in the same run'
	@echo 'make docs       the documentation, in docs/_build/html; runs the examples of its gallery'
	@echo 'make clean      remove the virtual environment and every cache in this folder'

demo: $(PROJECT)
	$(VENV)/bin/glasswells run examples/quickstart.toml --dir $(DEMO)
	$(VENV)/bin/glasswells status $(DEMO)
	$(VENV)/bin/glasswells report $(DEMO)

test: $(TESTS)
	$(PYTEST) $(PARALLEL) -m 'not physics and not soak'

physics: $(TESTS)
	$(PYTEST) -m physics

soak: $(TESTS)
	$(PYTEST) -m soak

coverage: $(TESTS)
	NUMBA_DISABLE_JIT=1 $(PYTEST) $(PARALLEL) -m 'not physics and not soak and not compiled' \
	  -W ignore::RuntimeWarning $(INTERPRETED:%=tests/unit/%) $(INTERPRETED:%=--cov=glasswells.%) --cov-report=term-missing:skip-covered
	for room in $(INTERPRETED); do \
	  $(RUN) -m coverage report --include="*/glasswells/$$room/*" --format=total --fail-under=$(COVERED) || exit; \
	done

check: lint types contracts test

lint: $(TESTS)
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

types: $(TESTS)
	$(RUN) -m mypy

contracts: $(TESTS)
	$(PYTEST) tests/test_architecture.py

bench: $(BENCHMARKS)
	$(RUN) benchmarks/run.py

# One thread for each numerical library: the gallery's times are those of one core.
docs: $(DOCUMENTATION)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m sphinx -W --keep-going -b html \
	  -d docs/_build/doctrees docs docs/_build/html
	@echo 'Open docs/_build/html/index.html'

clean:
	rm -rf $(VENV) docs/_build docs/examples docs/api docs/sample docs/_benchmarks .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(PROJECT): $(ENVIRONMENT) pyproject.toml
	$(RUN) -m pip install --quiet --editable .
	@touch $@

$(TESTS): $(PROJECT)
	$(RUN) -m pip install --quiet --group test
	@touch $@

$(BENCHMARKS): $(PROJECT)
	$(RUN) -m pip install --quiet --group bench
	@touch $@

$(DOCUMENTATION): $(PROJECT)
	$(RUN) -m pip install --quiet --group docs
	@touch $@

# Some machines have names that do not run (pyenv shims) or a Python without ensurepip (Debian
# without python3-venv): take the first that can make an environment, else say what is missing.
$(ENVIRONMENT):
	@found=; without=; \
	for python in $(CANDIDATES); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  if "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
	  without="$$without $$python"; \
	done; \
	if [ -z "$$found" ] && [ -n "$$without" ]; then \
	  echo "The Python found ($$without ) has no venv with pip. On Debian and Ubuntu:" >&2; \
	  echo "  sudo apt install python3-venv" >&2; \
	  echo "or name another Python >= 3.11: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "No Python >= 3.11 among: $(CANDIDATES). Install one, or name it:" >&2; \
	  echo "  make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	clear=--clear; $(RUN) -c '' 2>/dev/null && clear=; \
	"$$found" -m venv $$clear $(VENV)
	$(RUN) -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@
