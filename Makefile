# Two commands are all a newcomer needs: `make demo` and `make test`.
# Each sets up .venv by itself, on a machine that has only Python 3.11+ with its venv module or pip.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
KERNELS := $(VENV)/.kernels
ARGS   ?=
# Whatever the caller's shell says: every process of the tests would compile all modules anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test check web browser browser-bench bench faults setup clean

demo: $(STAMP)
	$(BIN)/tenor demo $(ARGS)

test: $(KERNELS)
	$(BIN)/python -m pytest -n 3 $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m ops.page.sources --check

# The page out of web/, for whoever changes it: needs Node 20. The build is committed with its sources.
web: $(STAMP) web/node_modules/.package-lock.json
	$(BIN)/python -m ops.page.used_api
	cd web && npm run build
	$(BIN)/python -m ops.page.sources

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm install --no-audit --no-fund

# The page by keyboard alone, in both themes, every screen looked through by axe: beyond what `make test` walks by mouse.
browser: $(STAMP)
	$(BIN)/python -m pytest tests/browser --browser $(ARGS)

# The page over a run of 1,000,000 positions: paints, keys, requests, bytes, memory. ARGS="--positions 20000" is smaller.
browser-bench: $(STAMP)
	$(BIN)/python -m benchmarks.page $(ARGS)

bench: $(STAMP)
	$(BIN)/tenor bench $(ARGS)

# The long tier of the fault tests; docs/operations.md. ARGS="--kills 30 --seed 7"
faults: $(STAMP)
	$(BIN)/python -m tests.faults.long_tier $(ARGS)
	$(BIN)/python -m pytest --long tests/clients/test_operations.py

setup: $(STAMP)

$(STAMP): requirements/dev.lock requirements/beside.lock pyproject.toml
	sh ops/setup.sh "$(PYTHON)" $(VENV)
	@touch $@ $(KERNELS)

# Another engine compiles its kernels anew: before the tests, each of which would wait for some.
$(KERNELS): $(STAMP) $(shell find compute domain -name '*.py')
	$(BIN)/python -m ops.processes.compile_kernels
	@touch $@

clean:
	rm -rf $(VENV)
