# The same verbs everywhere. `make run` and `make test` do all there is to do on a bare machine.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
UV := $(BIN)/python -m uv

# The long suites, apart: `make chaos` takes half an hour.
.PHONY: setup run test check servers chaos bench bench-peers docs rows lock format clean

setup: $(STAMP)

$(STAMP): requirements.lock Makefile
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Autograph needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON to another one.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: setup
	$(BIN)/autograph up

test: check servers
	$(BIN)/python -m pytest

servers: setup
	$(BIN)/python scripts/install_servers.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_reference.py --check

chaos: servers
	$(BIN)/python -m tests.chaos --count 200 --report .cache/chaos.json

bench: setup
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/gateway.py
	$(BIN)/python benchmarks/scale.py

bench-peers: servers
	$(BIN)/python -m benchmarks.peers

docs: setup
	$(BIN)/python scripts/generate_reference.py

rows: setup
	$(BIN)/python scripts/rows.py

lock:
	$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	    --group dev pyproject.toml --output-file requirements.lock

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
