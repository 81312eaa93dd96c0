# Doorman. `make run` and `make test` set up what they need; `make help` lists the rest.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

RUST_NEEDED := 1.90
# What RocksDB's C++ needs to build: a compiler, and libclang for its bindings.
PACKAGES    := g++ libclang-dev
DOORMAN     := target/release/doorman
CYCLES      ?= 200
CUTS        ?= 50
FILLS       ?= 20
DELIVERIES  ?= 1000000
CASES       ?= 100000
ROUNDS      ?= 5
RELOADS     ?= 200
SAVES       ?= 100
IN_ORDER    ?= 1000000

.PHONY: help setup build run test check model crash power full backlog reloads order controls faults bench isolation clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup: ## install what a Debian machine with Rust lacks
	@command -v rustc >/dev/null || { echo "Rust is missing: install $(RUST_NEEDED) or later with rustup (https://rustup.rs)"; exit 1; }
	@have=$$(rustc --version | cut -d' ' -f2); \
	 lowest=$$(printf '%s\n%s\n' '$(RUST_NEEDED)' "$$have" | sort -V | head -n1); \
	 [ "$$lowest" = '$(RUST_NEEDED)' ] || { echo "rustc $$have is too old: Doorman needs $(RUST_NEEDED) or later (rustup update)"; exit 1; }
	@missing=; \
	 command -v dpkg-query >/dev/null || { echo "not a Debian: have $(PACKAGES) or their like installed"; exit 0; }; \
	 for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok' || missing="$$missing $$p"; done; \
	 if [ -n "$$missing" ]; then \
	   echo "installing:$$missing"; \
	   sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	   $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	 fi

build: setup ## build the daemon
	@[ -e $(DOORMAN) ] || echo "The first build compiles RocksDB: 10 to 20 minutes on two cores; later ones take seconds."
	@cargo build --release -p doorman

run: build ## start the daemon on an embedded default, with a curl line to paste
	@exec $(DOORMAN) run --config config/doorman.dev.toml --curl

test: setup ## run all tests
	@[ -e $(DOORMAN) ] || echo "The first build compiles RocksDB: 10 to 20 minutes on two cores; later ones take seconds."
	@$(MAKE) --no-print-directory faults
	cargo build --release --workspace
	cargo test --release --workspace

check: setup ## formatting, lints, licences of dependencies, layout of the code
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	@command -v cargo-deny >/dev/null || { echo "installing cargo-deny (some minutes)"; cargo install --locked cargo-deny; }
	cargo deny check bans licenses sources
	@[ -z "$$(cargo tree --workspace -i ring 2>/dev/null)" ] || { echo "ring came in beside aws-lc-rs: TLS has one provider"; exit 1; }
	cargo deny check advisories || { cargo deny --offline check advisories 2>/dev/null || echo "the advisory database cannot be reached: advisories were not checked"; }
	cargo build --release -p doorman
	cargo test --release -p doorman-tests --test it tidy

model: ## compare the store with its model over CASES random histories with kills and power cuts
	DOORMAN_CASES=$(CASES) cargo test --release -p doorman-store model -- --nocapture

crash: ## kill the daemon under load CYCLES times, then audit
	cargo build --release -p doorman
	DOORMAN_CYCLES=$(CYCLES) cargo test --release -p doorman-tests --test it kill:: -- --nocapture

power: ## cut the power of its disk CUTS times under load, then audit (root)
	cargo build --release -p doorman
	DOORMAN_CUTS=$(CUTS) cargo test --release -p doorman-tests --test it power:: -- --nocapture

full: ## fill the disk of its store FILLS times under load, then audit (root)
	cargo build --release -p doorman
	DOORMAN_FILLS=$(FILLS) cargo test --release -p doorman-tests --test it full:: -- --nocapture

backlog: ## restart with DELIVERIES open deliveries, and let as many wait for 30 s
	cargo build --release -p doorman
	DOORMAN_DELIVERIES=$(DELIVERIES) DOORMAN_PARKED=$(DELIVERIES) DOORMAN_PARKED_SECONDS=30 \
	  cargo test --release -p doorman-tests --test it backlog:: -- --nocapture --test-threads 1

reloads: ## replace the scripts RELOADS times under load, then audit; measure SAVES saves
	cargo build --release -p doorman
	DOORMAN_RELOADS=$(RELOADS) DOORMAN_SAVES=$(SAVES) \
	  cargo test --release -p doorman-tests --test it reload:: -- --nocapture --test-threads 1 load:: speed::

order: ## park IN_ORDER deliveries of many users, kill in the midst, and see that each user's arrive in order
	cargo build --release -p doorman
	DOORMAN_IN_ORDER=$(IN_ORDER) cargo test --release -p doorman-tests --test it order:: -- --nocapture --test-threads 1

controls: faults ## break promises one by one: the kits must notice
	cargo test --release -p doorman-tests --test it controls:: -- --nocapture

faults: ## a build that breaks promises when it is told to, for the tests of the tests
	cargo build --release -p doorman --features faults
	@mkdir -p target/faults && cp $(DOORMAN) target/faults/doorman
	@cargo build --release -p doorman

bench: ## measure against bare hyper (writes target/bench/report.json), and a mapping against the bare engine
	cargo bench -p doorman-mapping --bench cost
	cargo build --release -p doorman -p doorman-bench
	target/release/doorman-bench run --rounds $(ROUNDS)

isolation: ## measure what a healthy destination notices of three sick ones (writes target/bench/isolation.json)
	cargo build --release -p doorman -p doorman-bench
	target/release/doorman-bench isolation --rounds $(ROUNDS)

clean: ## remove what `make run` left (not the build)
	rm -rf var
