# Bare `make` prints this menu. One environment, .venv, from hash-pinned files; nothing is installed outside of it.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs serve lock clean assets
.DELETE_ON_ERROR:

BIN := .venv/bin
ENVIRONMENT := sh tools/environment.sh
RUNTIME := .venv/.runtime .venv/.project
DEV := .venv/.dev $(RUNTIME)
NODE_MODULES := tests/interop/node_modules/.package-lock.json
COMPILE := $(BIN)/pip-compile --quiet --extra functions --generate-hashes --strip-extras --no-annotate --allow-unsafe \
	--no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade)
IN_TWO := --numprocesses=2 --dist=loadfile --no-loadscope-reorder

help: ## print this menu
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-7s %s\n", $$1, $$2}'

demo: $(RUNTIME) assets ## the whole main job on real events, then a running hub to play with (EXIT=1: end after the summary)
	@$(BIN)/eventyard demo $(if $(EXIT),--exit)

# All of them in two processes, file by file. The hub is started so often that what Python compiles of it is kept.
test: $(DEV) assets $(NODE_MODULES) .venv/.servers ## every test, after fetching what the suites need (ARGS='tests/unit -k retry' for some of them)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(or $(ARGS),$(IN_TWO))

check: $(DEV) ## style, types, layers and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy hatch_build.py tools
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house tests/docs

bench: $(RUNTIME) ## measure, each figure beside its yardstick of the same run
	@$(BIN)/python -m bench $(ARGS)

docs: $(DEV) ## write the generated parts of docs/ again
	@$(BIN)/python tools/generate_docs.py

serve: $(RUNTIME) assets ## run the hub in the foreground (ARGS='--listen 127.0.0.1:9000')
	@$(BIN)/eventyard serve $(ARGS)

lock: $(DEV) ## pin what pyproject.toml and requirements/*.in ask for (UPGRADE=1: to the newest)
	$(COMPILE) -o requirements/runtime.txt pyproject.toml requirements/build.in
	$(COMPILE) -o requirements/dev.txt pyproject.toml requirements/build.in requirements/dev.in

clean: ## remove whatever make made, the environment included
	rm -rf .venv dist tests/interop/node_modules src/eventyard/api/assets src/eventyard/dialects/data_events/assets .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

assets: $(RUNTIME)
	@$(BIN)/python hatch_build.py

# The suites that need these packages are named, with their number, at the end of a run that could not have them.
$(NODE_MODULES): tests/interop/package-lock.json
	@cd $(dir $<) && npm ci --ignore-scripts --no-audit --no-fund --silent || echo "going on without the npm packages of $(dir $<)" >&2

.venv/.servers: tools/environment.sh .venv/.runtime
	@$(ENVIRONMENT) servers && touch $@ || echo "going on without it" >&2

.venv/.runtime: requirements/runtime.txt tools/environment.sh
	@PYTHON=$(PYTHON) $(ENVIRONMENT) create
	@$(ENVIRONMENT) install requirements/runtime.txt
	@touch $@

.venv/.project: pyproject.toml hatch_build.py .venv/.runtime
	@$(ENVIRONMENT) project
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	@$(ENVIRONMENT) install requirements/dev.txt
	@touch $@
