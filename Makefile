# `make` alone says what it can do. Every target makes ready what it needs first (scripts/setup.sh).

ARGS ?=
PYTHON ?=
export PYTHON
# Tests start hundreds of processes: without its bytecode kept, each would compile the program anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help run test soak bench lint format lock clean setup setup-run setup-test setup-bench

help: ## Say what can be done
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1	\2/p' Makefile

run: setup-run ## Open the counter with demonstration data (with no display: make a sale offscreen)
	@.venv/bin/python -m ui --demonstration $(ARGS)

test: setup-test ## Run every check: format, lint, types, tests
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@QT_QPA_PLATFORM=offscreen .venv/bin/python -m pytest -n 3 --dist worksteal $(ARGS)

soak: setup-test ## Live through 10,000 simulated bad weeks (three quarters of an hour; ARGS="--first 10000" for others)
	@.venv/bin/python -m tests.simulation --seeds 10000 $(ARGS)

bench: setup-bench ## Measure, each beside its baseline; writes build/bench.json (ARGS="--only claim" for one)
	@.venv-bench/bin/python -m bench $(ARGS)

lint: setup-test ## Check format, style and types only
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

format: setup-test ## Bring the code into the house format
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix-only --quiet .

lock: setup-run ## Renew requirements/*.txt from requirements/*.in
	@scripts/lock.sh

setup: setup-test ## Make the environment ready, and do nothing else

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

setup-bench:
	@scripts/setup.sh bench

clean: ## Remove environments, builds and caches
	rm -rf .venv .venv-bench build shanyao.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
