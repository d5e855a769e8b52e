# `make help` lists what there is. Every target sets up what it needs, once.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests dev serve bench held growth size build test test-native test-black-box test-pages test-deploy test-clients test-browser \
        lint audit fuzz coverage bundle quick deploy release pictures clean

# The settings after `make dev`, `make serve` and `make deploy`, quoted for the shell so that they arrive as typed.
NAMES := $(foreach pair,$(MAKEOVERRIDES),$(if $(findstring =,$(pair)),$(firstword $(subst =, ,$(pair)))))
NAMES := $(foreach name,$(NAMES),$(if $(findstring command,$(origin $(name))),$(name)))
GIVEN = $(foreach name,$(NAMES),'$(subst ','\'',$(name)=$(value $(name)))')

# What `make bench` needs packages of bench/peers for.
COMMA := ,
PEERS = $(filter-out vestibule floor least oidc-provider,$(subst $(COMMA), ,$(or $(CONTENDERS),every peer)))

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup:
	@command -v node >/dev/null || { echo "vestibule: node is missing: install Node 20 or newer"; exit 1; }
	@node tools/setup.mjs

setup-tests:
	@command -v node >/dev/null || { echo "vestibule: node is missing: install Node 20 or newer"; exit 1; }
	@node tools/setup.mjs --tests

dev: setup ## Build and start on http://localhost:8787 (settings: make dev ISSUER=... PKCE=...)
	@node tools/dev.mjs $(GIVEN)

serve: setup bundle ## Run without Cloudflare, on workerd (make serve SETTINGS=file.toml PORT=... STATE=...)
	@node tools/serve.mjs $(GIVEN)

bench: setup bundle ## Measure beside floors and peers (make bench WORK=code ROUNDS=1 CONTENDERS=vestibule,floor)
	@[ -z "$(PEERS)" ] || [ -d bench/peers/node_modules ] || npm ci --silent --prefix bench/peers
	@node bench/run.mjs $(GIVEN)

held: setup bundle ## Televisions that wait for their answer: memory, and the time to it (make held TELEVISIONS=5000)
	@node bench/held.mjs $(GIVEN)

growth: setup bundle ## What a request costs as accounts and grants grow (make growth MOST=1000000: 25 GB of disk)
	@node bench/growth.mjs $(GIVEN)

size: setup bundle ## The bundle by crate, and a cold start beside an empty worker's (WRITE=1: docs/size.md)
	@node tools/size.mjs $(GIVEN)

build: setup ## Build the worker; prints its size and how long it takes to compile
	@node tools/build.mjs

bundle: setup
	@node tools/dist.mjs

# What `make dev` builds when it starts. Tests that start it don't wait for the compiler.
quick: setup
	@BUILD=quick node tools/build.mjs

lint: setup
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked -p vestibule -p vestibule-edge -p vestibule-worker -p vestibule-on-demand --target wasm32-unknown-unknown -- -D warnings

audit: setup-tests ## Licences, sources and known vulnerabilities of all dependencies
	@node tools/audit.mjs

test-native: setup
	cargo test --locked

fuzz: setup ## Look for inputs that break a parser (make fuzz SECONDS=60 TARGET=jws; installs a nightly)
	@node tools/fuzz.mjs $(GIVEN)

coverage: setup ## Which lines of src the native tests run, by folder (installs cargo-llvm-cov)
	@node tools/coverage.mjs

test-black-box: setup bundle quick
	node --test --test-timeout=300000 --test-force-exit --test-concurrency=2 tests/black_box/*.test.mjs

# The programs in Rust are compiled before the tests, whose limit would include it.
test-clients: setup-tests bundle
	CARGO_TARGET_DIR=target/clients cargo build --quiet --locked --manifest-path docs/examples/api-rust/Cargo.toml
	CARGO_TARGET_DIR=target/clients cargo build --quiet --locked --manifest-path tests/clients/openidconnect/Cargo.toml
	node --test --test-timeout=300000 --test-force-exit --test-concurrency=1 tests/clients/*.test.mjs

test-browser: setup-tests bundle
	node --test --test-timeout=300000 --test-force-exit --test-concurrency=1 tests/browser/*.test.mjs

test-pages: setup bundle quick ## Run the commands of README.md and docs/ against `make dev` (tests/pages/blocks.mjs)
	node --test --test-timeout=300000 --test-force-exit tests/pages/*.test.mjs

test-deploy: setup bundle
	node --test --test-timeout=600000 --test-force-exit --test-concurrency=2 tests/deploy/*.test.mjs

pictures: setup-tests bundle ## The pictures of README.md and docs/modes/, from the pages as they are
	node tests/browser/pictures.mjs

test: setup-tests lint audit test-native size test-black-box test-pages test-deploy test-clients test-browser ## Every test there is

deploy: setup bundle ## Deploy to Cloudflare, and check that it works (make deploy ENV=staging; docs/deploy.md)
	@node tools/deploy.mjs $(GIVEN)

release: setup bundle ## Pack the bundle and the deploy command into an npm package (release/)
	@node tools/release.mjs

clean: ## Remove what was built (not what the local server stored)
	rm -rf build dist target .cache
