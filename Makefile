# Two commands on a fresh machine: `make run` and `make test`. Both set everything up first; neither needs the other.

PYTHON ?= python3
EXPERIMENTS ?= 8
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.PHONY: help setup data run status test test-gpu check lint types contracts docs picture clean

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## .venv with everything in it

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,plots]"
	@touch $@

data: $(READY)  ## the corpus and the tokenizer for this machine
	@$(BIN)/python -m gpt.prepare

run: data  ## the main job: baseline, then EXPERIMENTS=8 experiments; again: goes on
	@$(BIN)/ar-loop run --experiments $(EXPERIMENTS)

status: $(READY)  ## where the session stands
	@$(BIN)/ar-loop status

test: $(READY)  ## the tests
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not gpu"

test-gpu: $(READY)  ## the tests that need a CUDA device
	@$(BIN)/python -m pytest -m gpu

check: lint types contracts docs test  ## everything that must hold before a change lands

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

docs: $(READY)
	@$(BIN)/python -m journal.docs --check

clean:  ## remove what was installed and built; .ar and data stay
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
