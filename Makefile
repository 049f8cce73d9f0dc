# The same verbs everywhere. `make run` and `make test` do all there is to do on a bare machine.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
UV := $(BIN)/python -m uv
NODE_MODULES := web/node_modules/.installed
BUILT := src/autograph/api/page/built/index.html
HAS_NODE := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
WEB_SOURCES := $(shell find web examples/agents docs/reference/openapi.json -name node_modules -prune -o -type f ! -name schema.ts -print)

# Without compiled files every start of the command takes two seconds longer, and the tests start it often.
unexport PYTHONDONTWRITEBYTECODE

# The long suites, apart: `make chaos` takes half an hour.
.PHONY: setup web run test check servers screenshots chaos bench bench-peers lighthouse docs rows lock format clean

setup: $(STAMP) web

$(STAMP): requirements.lock Makefile
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Autograph needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON to another one.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# Everything but the pages works without Node; the page then says what to do.
web:
	@if $(HAS_NODE); then $(MAKE) --no-print-directory $(BUILT); else \
	    echo "The web app was not built: it needs Node 20.19 or newer." >&2; fi

$(NODE_MODULES): web/package.json web/package-lock.json
	cd web && npm ci --silent
	@touch $@

$(BUILT): $(NODE_MODULES) $(WEB_SOURCES)
	cd web && npm run --silent build -- --logLevel warn
	@touch $@

run: setup
	$(BIN)/autograph up

test: check servers
	cd web && npm test
	cd web && npm run e2e
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

servers: setup
	$(BIN)/python scripts/install_servers.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_reference.py --check
	cd web && npm run --silent check

screenshots: servers
	cd web && npm run --silent screenshots

chaos: servers
	$(BIN)/python -m tests.chaos --count 200 --report .cache/chaos.json

bench: setup
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/gateway.py
	$(BIN)/python benchmarks/scale.py

lighthouse: servers
	cd benchmarks/lighthouse && npm ci --silent && node measure.mjs

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
	cd web && npm run --silent format

clean:
	rm -rf web/node_modules src/autograph/api/page/built .venv .cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
