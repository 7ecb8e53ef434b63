# Two commands do all the set-up: `make demo` and `make test`. Each makes .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TYPED := $(wildcard scoring/*.pxd)
INSTALL = $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'

.PHONY: install demo test check bench chaos chaos-full simulate mutants clean

install: $(STAMP)

# Installs, and compiles what is typed; after an edit of that it only compiles again. Without a C compiler nothing fails.
$(STAMP): pyproject.toml setup.py $(TYPED) $(TYPED:.pxd=.py)
	$(if $(filter pyproject.toml setup.py,$?),$(INSTALL),$(BIN)/python setup.py --quiet build_ext --inplace)
	@touch $@

demo: $(STAMP)
	@$(BIN)/leadline demo $(ARGS)

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

chaos: $(STAMP)
	@$(BIN)/python -m tests.chaos $(ARGS)

chaos-full: $(STAMP)
	@$(BIN)/python -m tests.chaos --full $(ARGS)

simulate: $(STAMP)
	@$(BIN)/python -m tests.simulation $(ARGS)

mutants: $(STAMP)
	@$(BIN)/python -m tests.mutants $(ARGS)

clean:
	rm -rf $(VENV) scoring/*.so scoring/*.pyd .servers .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
