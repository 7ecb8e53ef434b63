# Two commands do all the set-up: `make demo` and `make test`. Each makes .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.demo-installed
TOOLS := .tools
TOOLS_WANTED := 'uv>=0.8,<1' 'cyclonedx-bom>=7,<8' 'pip-audit>=2.9,<3'
LOCKED := deploy/requirements.txt
COMPILED := $(wildcard scoring/*.p[yx]* schemas/*.p[yx]* streams/lane/*.p[yx]*)
install_with = $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'

.PHONY: install demo test check bench bench-full bench-stages chaos chaos-full soak outages simulate mutants lock sbom audit clean

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

# Two processes side by side; tests/conftest.py says who gets what.
test: $(STAMP)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

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

outages: $(STAMP)
	@$(BIN)/python -m tests.operations.outages $(ARGS)

simulate: $(STAMP)
	@$(BIN)/python -m tests.simulation $(ARGS)

mutants: $(STAMP)
	@$(BIN)/python -m tests.mutants $(ARGS)

# What a release needs and nothing else does, in an environment of its own: uv locks with hashes for every Python and
# system at once, cyclonedx-bom lists the parts, pip-audit looks up their known holes.
$(TOOLS)/.installed: Makefile
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check $(TOOLS_WANTED)
	@touch $@

# The newest versions that pyproject.toml allows, each with the hashes of its files: what the image installs.
lock: $(TOOLS)/.installed
	$(TOOLS)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --output-file $(LOCKED) pyproject.toml

sbom: $(TOOLS)/.installed
	@mkdir -p build
	@$(TOOLS)/bin/python -W ignore -m cyclonedx_py requirements $(LOCKED) --pyproject pyproject.toml \
	    --output-reproducible --output-format JSON --output-file build/sbom.json
	@echo "build/sbom.json: the parts of $(LOCKED), as CycloneDX"

audit: $(TOOLS)/.installed
	@$(PYTHON) -m tests.support.audit $(TOOLS)/bin/pip-audit $(LOCKED)

clean:
	rm -rf $(VENV) $(TOOLS) schemas/*.so scoring/*.so streams/lane/*.so .servers .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
