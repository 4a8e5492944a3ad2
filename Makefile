# Names for commands. Each works on a machine with a Rust toolchain, a C compiler and Python 3 with pip;
# what else it needs it fetches itself, pinned, into target/tools.

PROGRAMS := -p terraform-provider-mlops -p localcloud -p acceptance-tests --bins

# Of the eleven thousand cells on AWS, each of which takes two seconds.
AWS_CELLS ?= 1500

.PHONY: demo test test-crates test-terraform resume-matrix torture fuzz check docs bench localcloud picture build release zips seal install packages tools

demo: tools          ## the main job, on the cloud that is built in: plan, apply, drift, import, destroy
	cargo build -q $(PROGRAMS)
	cargo run -q -p acceptance-tests --bin demo

test: test-crates test-terraform ## all tests

test-crates: tools   ## those without terraform
	cargo test --workspace --exclude acceptance-tests --exclude tfplugin-rs

# Each acceptance test is there twice: on_installed (the Terraform on the PATH, or $TERRAFORM) and on_1_15 (the fetched one).
FILTER_installed := --skip on_1_15::
FILTER_pinned := --skip on_installed::

test-terraform: tools ## those with terraform: of the protocol, and acceptance tests; HALF=installed or HALF=pinned leaves out the other Terraform's
	$(if $(HALF),$(if $(FILTER_$(HALF)),,$(error HALF is "$(HALF)", and may be installed or pinned)))
	cargo build $(PROGRAMS)
	cargo test -p tfplugin-rs -p acceptance-tests $(if $(HALF),-- $(FILTER_$(HALF)))

resume-matrix: tools ## every call of a create fails, in every way, under every life cycle, in the whole environment: an hour
	cargo build -q $(PROGRAMS)
	WHOLE_MATRIX=1 cargo test -p acceptance-tests --test acceptance a_create_that_fails_at_any_call -- --nocapture

torture: tools       ## every call of create, update, refresh, import and destroy fails in every way, the provider is killed, others write; on AWS a large sample: two hours
	TORTURE=all cargo test -p terraform-provider-mlops --test torture -- --nocapture
	TORTURE_SAMPLE=$(AWS_CELLS) cargo test -p terraform-provider-mlops --test aws_torture -- --nocapture

fuzz: tools          ## ten minutes of mutated input for each reader of foreign bytes
	FUZZ_SECONDS=600 cargo test -p terraform-provider-mlops --test torture any_ -- --nocapture
	FUZZ_SECONDS=600 cargo test -p terraform-provider-mlops --lib any_file -- --nocapture

check:               ## format, lints, the structure of modules, documentation in step with the code
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo run -q -p architecture
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet
	cargo test -q -p terraform-provider-mlops --test reference_in_step

docs:                ## writes docs/ anew from the schema and the examples
	UPDATE=1 cargo test -q -p terraform-provider-mlops --test reference_in_step

picture: tools       ## the picture in the README, from what Terraform and the provider print
	cargo build -q $(PROGRAMS)
	cargo run -q -p acceptance-tests --bin picture

bench: tools         ## times of handshake, schema, plan and apply, with the number of calls and the critical path
	cargo run --release -p acceptance-tests --bin bench
	cargo bench -q -p terraform-provider-mlops --bench scale

localcloud: tools    ## the cloud's APIs on this machine, with a project to try things in
	cargo run -q -p localcloud -- --listen 127.0.0.1:9000 --discovery target/tools/discovery --seed acceptance-tests/environments/ct-scan-project.json

build: tools         ## everything, unoptimised
	cargo build --workspace

release:             ## signed zips in target/release-VERSION; TARGETS="linux_amd64 ...", GPG_KEY=..., REGISTRY=folder
	python3 release build $(if $(BINARY),--binary $(BINARY)) $(TARGETS)
	python3 release seal
	$(if $(REGISTRY),python3 release publish $(REGISTRY) $(if $(REGISTRY_URL),--url $(REGISTRY_URL)))

zips:                ## only the zips of TARGETS: for machines that share the work on one release
	python3 release build $(TARGETS)

seal:                ## checksums and signature of the zips that are in target/release-VERSION
	python3 release seal

install:             ## the provider, optimised, where this user's Terraform finds it without configuration
	python3 release install $(if $(BINARY),--binary $(BINARY))

packages:            ## the SDK's crates as they would be published, each compiled out of its package
	cargo package --locked --allow-dirty -p tfplugin-derive -p tfplugin-rs

tools:
	python3 acceptance-tests/tools/fetch.py
