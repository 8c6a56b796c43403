# Two commands: `make run` opens the console on a paper account, `make test` checks everything.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
UV     := $(VENV)/uv/bin/uv
JOBS   ?= 4

.PHONY: run test nightly setup setup-dev lock bench recording pictures lint types contracts format snapshots clean
.DEFAULT_GOAL := help

help:
	@echo "make run    set up and open the console on a paper account"
	@echo "make test   set up and run every check and test"
	@echo "make nightly  repeat the tests of orders and books many times over, for a night"
	@echo "make bench  measure, with ratios to a bare baseline"
	@echo "make pictures   draw the pictures in docs/ anew"
	@echo "make recording  make the run anew that \`cryptofunk demo\` shows, in two minutes"
	@echo "make lock   renew the hash locks in requirements/"
	@echo "make format rewrite the sources in the house style"

run: setup
	@$(BIN)/cryptofunk $(ARGS)

test: setup-dev lint types contracts
	$(BIN)/pytest -n $(JOBS) --dist worksteal

nightly: setup-dev
	CRYPTOFUNK_NIGHTLY=1 $(BIN)/pytest -n $(JOBS) --dist worksteal $$(grep -rl 'tests.nightly import.*scaled' tests)

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup-dev
	$(BIN)/mypy

contracts: setup-dev
	$(BIN)/lint-imports

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev
	$(BIN)/python -m tests.benchmarks

recording: setup-dev
	$(BIN)/python -m tests.tui.record_demo cryptofunk_tui/tui/demo.jsonl.gz

pictures: setup-dev
	$(BIN)/cryptofunk demo --picture docs/console.svg --at 0:45 --keys down,down
	$(BIN)/cryptofunk demo --picture docs/approval.svg --at 0:28 --keys a
	$(BIN)/cryptofunk demo --picture docs/trace.svg --at 0:45 --keys down,down,down,t
	$(BIN)/cryptofunk demo --picture docs/large.svg --at 1:48 --size 200x60
	$(BIN)/cryptofunk demo --picture docs/small.svg --at 0:45 --size 80x24 --keys 0,down,down

snapshots: setup-dev
	$(BIN)/pytest tests/tui --snapshot-update

setup: $(VENV)/run.stamp
setup-dev: $(VENV)/dev.stamp

$(UV): requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CryptoFunk needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PYTHON) -m venv $(VENV)/uv
	$(VENV)/uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/run.stamp: $(UV) requirements/run.txt pyproject.toml
	@test -f $(VENV)/dev.stamp || $(UV) pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/run.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(UV) requirements/dev.txt pyproject.toml
	@$(UV) pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/dev.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

lock: $(UV)
	$(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build pyproject.toml -o requirements/run.txt
	$(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
