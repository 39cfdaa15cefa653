# The ways to use this checkout; `make` lists them.

programs := $(or $(CARGO_TARGET_DIR),target)/debug
# Programs and tests in one go, so that they share one build of each dependency.
build := cargo build --workspace --bins --tests

prefix ?= /usr/local
# The names of the original programs, under which ccx speaks their command lines.
predecessors := ccx-data-pipeline insights-results-db-writer dvo-writer valkey-writer insights-results-aggregator \
	insights-results-aggregator-cleaner insights-results-aggregator-exporter \
	insights-results-smart-proxy insights-content-service insights-ingress-go

# For hack/install-dependencies.sh, which says what to run again.
export MAKECMDGOALS

.PHONY: help install diff demo build test e2e e2e-cluster generate images lint doc book fmt check-api bench fuzz clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the whole pipeline on this machine, with three sample archives; Ctrl-C ends it
	@hack/install-dependencies.sh web
	@hack/web.sh
	cargo build --package ccx
	$(programs)/ccx local

build: ## all programs and all tests
	@hack/install-dependencies.sh web
	@hack/web.sh
	$(build)

install: ## ccx in $(DESTDIR)$(prefix)/bin, with links of the names of the original programs
	@hack/install-dependencies.sh web
	@hack/web.sh
	cargo build --release --package ccx
	install -D $(dir $(programs))release/ccx $(DESTDIR)$(prefix)/bin/ccx
	for name in $(predecessors); do ln -sf ccx $(DESTDIR)$(prefix)/bin/$$name; done

test: ## every test, those against real Kafka, S3, PostgreSQL and Kubernetes included
	@hack/install-dependencies.sh servers python web browser
	@hack/web.sh
	$(build)
	hack/kafka.sh run hack/kubernetes.sh run hack/test.sh

e2e: ## only the tests that run whole processes against real servers
	@hack/install-dependencies.sh servers python
	$(build)
	hack/kafka.sh run hack/test.sh --package ccx-e2e

e2e-cluster: ## the operator and every pod on a Kubernetes node of this machine, as root; or on yours: CCX_E2E_KUBECONFIG
	@hack/install-dependencies.sh servers
	cargo build --workspace --bins
	e2e/cluster/cluster.sh run cargo test --workspace --test cluster -- --include-ignored --nocapture

generate: ## write all generated files: configuration, rules, conditions, definition, API, chart
	@hack/install-dependencies.sh servers
	hack/kubernetes.sh tools
	hack/generate.sh

images: ## container images, as archives in target/images
	@hack/install-dependencies.sh web
	@hack/web.sh
	cargo build --release --workspace --exclude ccx-operator --bins
	hack/build-operator.sh
	hack/images.sh release

lint: ## format, lints, scripts, and what we depend on
	@hack/install-dependencies.sh lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo deny --log-level error check bans licenses sources
	shellcheck --external-sources --check-sourced $$(git ls-files '*.sh' ':!*/lib/*') .ci/run

doc: ## the API documentation of all items, private ones included; no warning is allowed
	RUSTDOCFLAGS="--deny warnings --allow rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items

book: ## the pages of docs/ as a website in target/book
	@hack/install-dependencies.sh book
	hack/book.sh

fmt: ## format all code
	cargo fmt --all

diff: ## compare PEER=/path/to/insights-results-aggregator with ours: tables and answers (KAFKA=host:port for brokers of yours)
	CCX_TEST_PEER="$(or $(abspath $(PEER)),$(error set PEER to the other program))" $(if $(KAFKA),CCX_TEST_PEER_KAFKA=$(KAFKA)) cargo test -p ccx --test ccx peer:: -- --nocapture

check-api: ## generated requests to the REST APIs, by their own documents: no 5xx, and nothing that they do not describe
	@hack/install-dependencies.sh schemathesis
	@hack/install-dependencies.sh web
	@hack/web.sh
	cargo build --package ccx
	hack/check-api.sh

bench: ## measure the hot paths beside their physical limits
	@hack/install-dependencies.sh bench
	cargo build --release --workspace --bins
	$(dir $(programs))release/ccx-bench

fuzz: ## damage archives, what rules read, rule files and expressions at random, a minute each
	hack/fuzz.sh

clean: ## remove all that was built
	cargo clean
