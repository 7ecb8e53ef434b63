# Two commands do all the set-up: `make demo` and `make test`. Each makes .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILED := $(VENV)/.compiled

.PHONY: install demo test check bench clean

install: $(COMPILED)

$(STAMP): pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(COMPILED)

# What is compiled, again after an edit. Without a C compiler it runs as it is.
$(COMPILED): $(STAMP) $(wildcard scoring/*.py scoring/*.pxd)
	$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

demo: $(COMPILED)
	@$(BIN)/leadline demo $(ARGS)

test: $(COMPILED)
	@$(BIN)/python -m pytest $(ARGS)

check: $(COMPILED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/test_tidy.py

bench: $(COMPILED)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

clean:
	rm -rf $(VENV) scoring/*.so scoring/*.pyd .servers .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
