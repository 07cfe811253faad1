# Two commands on a fresh machine: `make run` and `make test`. Both set everything up first; neither needs the other.

PYTHON ?= python3
EXPERIMENTS ?= 8
WORKERS ?= 2
SOAK ?= 200
SEED ?= 1
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup data run example status test test-gpu soak check lint types contracts pages pictures clean

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## .venv with everything in it

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): about a minute the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,plots,tpe]"
	@touch $@

data: $(READY)  ## the corpus and the tokenizer for this machine
	@$(BIN)/python -m gpt.prepare

run: data  ## the main job: a baseline, then EXPERIMENTS=8 experiments; again, and it goes on
	@$(BIN)/ar-loop run --experiments $(EXPERIMENTS)

example: $(READY)  ## one of examples/ as a repository of its own, run there: NAME=latency
ifeq ($(NAME),gpt)
	@$(MAKE) run
else
	@folder=$$($(BIN)/python examples/create.py $(NAME)) && cd "$$folder" && $(abspath $(BIN))/ar-loop run \
	  && if test -f compare.py; then $(abspath $(BIN))/python compare.py; fi
endif

status: $(READY)  ## where the session stands
	@$(BIN)/ar-loop status

test: $(READY)  ## the tests, WORKERS=2 at once
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not gpu"

test-gpu: $(READY)  ## the tests that need a CUDA device
	@$(BIN)/python -m pytest -m gpu

soak: $(READY)  ## a night in the small with faults of every kind: SOAK=200 experiments, SEED=1
	@$(BIN)/python benchmarks/soak.py --experiments $(SOAK) --seed $(SEED)

check: lint types contracts test  ## everything that must hold before a change lands

lint: $(READY)  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)  ## mypy, strict
	@$(BIN)/mypy

contracts: $(READY)  ## who may import whom
	@$(BIN)/lint-imports

pages: $(READY)  ## docs that are made from the code; the tests compare them with it
	@$(BIN)/python -m journal.cli.reference docs
	@$(BIN)/python -m tui.state.keys > docs/keys.md
	@$(BIN)/python -m loop.brief.reference > docs/brief-keys.md

pictures: $(READY)  ## the README's pictures, from this repository's own journal
	@$(BIN)/ar-journal plot docs/night.svg
	@$(BIN)/ar-tui --picture docs/screen.svg --screen history --size 100x26

clean:  ## remove what was installed and built; .ar and data stay
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis
