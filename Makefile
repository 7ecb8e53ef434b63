# Two commands do all the set-up: `make demo` and `make test`. Each makes .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.demo-installed
COMPILED := $(wildcard scoring/*.p[yx]* schemas/*.p[yx]* streams/lane/*.p[yx]*)
install_with = $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'

.PHONY: install demo test check bench bench-full bench-stages chaos chaos-full soak simulate mutants clean

install: $(STAMP)

# Installs, and compiles what is typed; after an edit of that it only compiles again. Without a C compiler nothing fails.
$(STAMP): pyproject.toml setup.py $(COMPILED)
	$(if $(filter pyproject.toml setup.py,$?),$(call install_with,dev),$(BIN)/python setup.py --quiet build_ext --inplace)
	@touch $@

demo: $(if $(wildcard $(STAMP)),$(STAMP),$(DEMO_STAMP))
	@$(BIN)/leadline demo $(ARGS)

# What the demo needs, and no tools of development: half of the time.
$(DEMO_STAMP): pyproject.toml setup.py $(COMPILED)
	$(call install_with,sandbox)
	@touch $@

test: $(STAMP)
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/test_tidy.py

bench: $(STAMP)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

bench-full: $(STAMP)
	@$(BIN)/python -m tests.benchmarks full $(ARGS)

bench-stages: $(STAMP)
	@$(BIN)/python -m tests.benchmarks stages $(ARGS)

chaos: $(STAMP)
	@$(BIN)/python -m tests.chaos $(ARGS)

soak: $(STAMP)
	@$(BIN)/python -m tests.chaos.soak $(ARGS)

chaos-full: $(STAMP)
	@$(BIN)/python -m tests.chaos --full $(ARGS)

simulate: $(STAMP)
	@$(BIN)/python -m tests.simulation $(ARGS)

mutants: $(STAMP)
	@$(BIN)/python -m tests.mutants $(ARGS)

clean:
	rm -rf $(VENV) schemas/*.so scoring/*.so streams/lane/*.so .servers .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
