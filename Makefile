# Targets that need Python first create their environment in .venv.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
JOBS ?= 2

# Otherwise the theme prints a notice about its successor in every build.
export NO_MKDOCS_2_WARNING := 1

# Tests start many processes, each of which would compile all modules anew without their bytecode.
unexport PYTHONDONTWRITEBYTECODE

# Most modules of the larger packages are never imported, so Python compiles those that are when they are.
QUIETLY := --quiet --disable-pip-version-check --no-compile

BIN := .venv/bin
READY := .venv/.ready
PYTEST := $(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder
KERNELS := CMakeLists.txt $(wildcard $(addprefix neuralstack/kernels/*.,cc hpp h))
BENCHMARKS := $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py))

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit integration slow sanitize pure wheel installs release floors lint style types imports format bench notebooks docs clean

help: ## Print this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Create the environment .venv with the tested versions of everything

$(READY): pyproject.toml constraints.txt $(KERNELS)
	@test -n "$(PYTHON)" || { echo "neuralstack needs Python 3.11 or newer, which was not found;" \
		"install it, or give its path: make PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(QUIETLY) -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY) ## Train a small machine and write what it learned to runs/demo
	$(BIN)/python -m neuralstack.experiments.demo

test: $(READY) ## Run the tests and the examples in docstrings, README and docs
	$(PYTEST)

# Tests that need no training, no command line and no separate process.
UNIT := $(filter-out tests/automata/test_extraction.py tests/evaluation/test_answers.py \
	tests/evaluation/test_data_files.py tests/test_consoles.py tests/test_lean.py tests/test_scale.py, \
	$(wildcard $(addsuffix /test_*.py,tests tests/automata tests/evaluation tests/memories tests/reference tests/tasks)))

unit: $(READY) ## Run the tests that take less than a minute together
	$(PYTEST) $(UNIT)

integration: $(READY) ## Run the other tests, of parts that work together: machines, training, commands, pages
	$(PYTEST) tests $(addprefix --ignore=,$(UNIT))

slow: $(READY) ## Run the slow tests, most of which train machines, and further cases of the others
	$(PYTEST) --dist worksteal -m slow

# A separate environment with only this package, built another way; everything else comes from .venv.
define other-environment
rm -rf build/$@ && $(BIN)/python -m venv --without-pip build/$@
$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	> "$$(build/$@/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/rest.pth"
$(2) $(BIN)/python -m pip --python build/$@/bin/python install $(QUIETLY) --no-deps $(1) .
endef

sanitize: $(READY) ## Run the tests of the kernels under AddressSanitizer and UndefinedBehaviorSanitizer
	mkdir -p build
	cc -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c neuralstack/kernels/neuralstack.h
	c++ -std=c++17 -O1 -g -ffp-contract=off -Wall -Wextra -pthread -fsanitize=address,undefined -fno-sanitize-recover=all \
		neuralstack/kernels/c.cc tests/kernels/c_interface.cc -o build/c_interface
	build/c_interface
	$(call other-environment,--config-settings=cmake.define.NEURALSTACK_SANITIZE=ON --config-settings=build-dir=build/sanitized)
	LD_PRELOAD="$$(c++ -print-file-name=libasan.so) $$(c++ -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
		build/$@/bin/python -P -m pytest -q -n $(JOBS) -m '' tests/kernels tests/memories/test_reference.py -k kernels

pure: $(READY) ## Install without a C++ compiler and run the tests of the stack
	$(call other-environment,--config-settings=build-dir=build/unbuilt,CXX=/bin/false)
	build/$@/bin/python -P -c 'from neuralstack import kernels; assert not kernels.are_available()'
	build/$@/bin/python -P -m pytest -q -n $(JOBS) -W 'ignore:the C++ kernels cannot be used' \
		tests/memories -k 'stack and not pointer and not closed and not nondeterministic'

wheel: $(READY) ## Build one wheel for all versions of Python, and the source distribution, into dist/
	rm -rf dist && $(BIN)/python -m build --outdir dist .
	for wheel in dist/*-linux_*.whl; do test ! -e "$$wheel" || { PATH="$(CURDIR)/$(BIN):$$PATH" \
		auditwheel repair --wheel-dir dist "$$wheel" && rm "$$wheel"; } || exit 1; done

installs: wheel ## Install the wheel on every version of Python found, and the source distribution, and use them
	$(BIN)/python -P tests/installs.py

release: installs docs ## Build distributions and documentation, and check all that a release needs
	rm -rf build/$@ && $(BIN)/python -m venv build/$@
	build/$@/bin/python -m pip install --quiet --disable-pip-version-check \
		cffconvert==2.0.0 'readme-renderer[md]==44.0' twine==6.2.0
	build/$@/bin/twine check --strict dist/*
	build/$@/bin/cffconvert --validate
	$(PYTEST) tests/documentation -m ''

floors: $(READY) ## Run the quick tests, and those of the help, with the oldest supported dependencies in a fresh environment
	rm -rf build/$@ && $(BIN)/python -m venv build/$@
	build/$@/bin/python -m pip install $(QUIETLY) -c constraints-floors.txt '.[test]'
	build/$@/bin/python -P -m pytest -q -n $(JOBS) $(UNIT) tests/cli/test_help_values.py

lint: style types imports docs ## Check style, types, imports between packages, and that the docs build without warnings

style: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/pyright

imports: $(READY)
	$(BIN)/lint-imports

format: $(READY) ## Format the code in the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## Run every benchmark in turn
	@set -e; for script in $(BENCHMARKS); do echo "== $$script"; $(BIN)/python "$$script"; done

notebooks: $(READY) ## Execute the notebooks of examples/notebooks, and write what they show to docs/notebooks
	$(BIN)/python examples/notebooks/render.py

docs: $(READY) ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## Remove the environment, the site, caches and build outputs, but not runs/
	rm -rf .venv site build dist .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
