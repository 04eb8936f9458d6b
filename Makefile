# make setup · demo · test · check · bench · test-deploy-static — each sets itself up on a bare machine (python3 >= 3.11 with venv, make).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
RESULTS := msrc-survival msrc-service msrc-overview msrc-energy msrc-tradeoff msrc-sensitivity

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test deploy-test test-deploy-static check bench results proto dashboards clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.core: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[study,web]'
	@touch $@

$(VENV)/.dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.core

setup: $(VENV)/.core  ## make .venv with the product in it

setup-dev: $(VENV)/.dev  ## the same with the tools for development

demo: setup  ## a blackout without cooperation and with it; then open out/demo/report.html
	$(BIN)/gridran run --strategy independent --load medium --seed 1 --out $(OUT)/demo-independent
	$(BIN)/gridran run --strategy lifetime --load medium --seed 1 --out $(OUT)/demo

test: setup-dev  ## all tests
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered

deploy-test: setup-dev  ## a whole outage in containers, with faults; needs a container engine
	@docker info >/dev/null 2>&1 || { echo "make $@: NO CONTAINER ENGINE answers (docker info); nothing was tested" >&2; exit 2; }
	GRIDRAN_DEPLOY=1 $(BIN)/python -m pytest --durations=0 -p no:cacheprovider tests/deploy/containers

check: setup-dev  ## formatting, lint, types, import contracts, generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PATH="$(CURDIR)/$(BIN):$$PATH" proto/generate.sh --check

# No container engine is needed; types of dashboards want npm, and are skipped with a reason where it is not there.
test-deploy-static: setup-dev  ## Prometheus rules, Grafana dashboards, compose file and Dockerfile
	@command -v promtool >/dev/null || { echo "make $@: promtool is missing: apt-get install prometheus" >&2; exit 2; }
	GRIDRAN_PROMETHEUS=required $(BIN)/python -m pytest -rs $(addprefix tests/deploy/test_,prometheus_rules.py exposition.py dashboards.py deploy_howto.py compose_file.py)
	$(if $(wildcard deploy/compose.yaml),$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml)
	$(if $(wildcard deploy/Dockerfile),$(BIN)/hadolint deploy/Dockerfile)

bench: setup-dev  ## speed, as ratios
	$(BIN)/gridran bench loop --out $(OUT)/bench

results: setup-dev  ## the tables and figures of docs/results.md, hours on two cores; stop and start it at will
	for study in $(RESULTS); do $(BIN)/gridran study $$study --jobs 2 --resume --out docs/results || exit; done

dashboards: setup-dev  ## regenerate deploy/grafana/dashboards from deploy/grafana/source
	$(BIN)/python -m deploy.grafana.source

proto: setup-dev  ## regenerate gridran/wire/v1 from proto/
	PATH="$(CURDIR)/$(BIN):$$PATH" proto/generate.sh

clean:  ## forget the environment and all output
	rm -rf $(VENV) $(OUT)
