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

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## install everything into .venv

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): about a minute the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[gpt,test,plots,machine]"
	@touch $@

data: $(READY)  ## prepare the corpus and the tokenizer for this machine
	@$(BIN)/python -m gpt.prepare

run: data  ## run a baseline, then EXPERIMENTS=8 experiments; run it again to continue
	@$(BIN)/ar-loop run --experiments $(EXPERIMENTS)

example: $(READY)  ## copy one of examples/ to a repository of its own and run it: NAME=latency
ifeq ($(NAME),gpt)
	@$(MAKE) run
else
	@folder=$$($(BIN)/python examples/create.py $(NAME)) && cd "$$folder" && $(abspath $(BIN))/ar-loop run \
	  && if test -f compare.py; then $(abspath $(BIN))/python compare.py; fi
endif

status: $(READY)  ## print the state of the session
	@$(BIN)/ar-loop status

test: $(READY)  ## run the tests, WORKERS=2 processes at once
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not gpu"

test-gpu: $(READY)  ## run the tests that need a CUDA device
	@$(BIN)/python -m pytest -m gpu

soak: $(READY)  ## run SOAK=200 small experiments with faults of every kind, SEED=1
	@$(BIN)/python benchmarks/soak.py --experiments $(SOAK) --seed $(SEED)

check: lint types contracts test  ## run all checks that a change must pass

lint: $(READY)  ## run ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)  ## run mypy, strict
	@$(BIN)/mypy

contracts: $(READY)  ## check who may import whom
	@$(BIN)/lint-imports

pages: $(READY)  ## rewrite what is made from the code: pages of docs/, the tree in the README
	@$(BIN)/python -m journal.cli.reference docs
	@$(BIN)/python -m tui.state.keys > docs/keys.md
	@$(BIN)/python -m loop.brief.reference > docs/brief-keys.md
	@$(BIN)/python tests/support/tree.py

pictures: $(READY)  ## redraw the README's pictures from this repository's own journal
	@$(BIN)/ar-journal plot docs/night.svg
	@$(BIN)/ar-tui --picture docs/screen.svg --screen history --size 100x26

clean:  ## remove what was installed and built; .ar and data stay
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis
