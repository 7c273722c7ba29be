# Media Vault. `make help` lists what can be asked for.
# Things that can be made again (compiled code, packages, test media, logs) live in ~/.cache/media-vault.

.DEFAULT_GOAL := help
.PHONY: help setup run build test lint bench soak dev generate

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing (Debian packages, Node and Python packages)
	@scripts/setup.sh test
	@echo "Everything is there. Next: make run"

run: ## Build and start Media Vault on http://127.0.0.1:8080, data in ./data
	@scripts/setup.sh run
	@scripts/build.sh
	@exec target/release/media-vault serve

build: ## Build the release binary, web app inside: target/release/media-vault
	@scripts/setup.sh run
	@scripts/build.sh

test: ## Run the whole suite; the last line says how many passed and failed
	@scripts/setup.sh test
	@scripts/test.py

lint: ## Format, lints, types, licences; no tests
	@scripts/setup.sh test
	@scripts/test.py --group lint

bench: ## Run the benchmarks and write bench/RESULTS.md; `make bench NAME` for one part
	@scripts/setup.sh bench
	@scripts/build.sh
	@scripts/bench.sh $(PARTS)

# What stands behind `bench` names parts of it and is nothing to make.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
PARTS := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
ifneq (,$(PARTS))
.PHONY: $(PARTS)
$(PARTS): bench ; @:
endif
endif

soak: ## Run the long versions of the crash and hostile-file tests (hours)
	@scripts/setup.sh test
	@scripts/test.py --soak

dev: ## Rebuild and restart on every change; web app with hot reload on http://127.0.0.1:5173
	@scripts/setup.sh run
	@scripts/dev.sh

generate: ## Write again what is made from the code (OpenAPI file, web client, settings tables)
	@scripts/setup.sh run
	@scripts/generate.sh
