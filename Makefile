# The commands of the house. Everything else is cargo's.

CARGO ?= cargo
STATE ?= ./var
SECONDS ?= 60

.PHONY: all run test tidy arena browser bench demo fuzz setup clean-state

all:
	$(CARGO) build --release --package stockade

# The main job with embedded defaults. Without root or netfilter it observes, and says so.
run:
	$(CARGO) build --release --package stockade
	./target/release/stockade run --state-dir $(STATE)

# What the tests drive: real daemons, real attackers, from Debian's packages.
setup:
	tests/setup.sh

tidy:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- --deny warnings
	$(CARGO) check --manifest-path fuzz/Cargo.toml --bins --quiet --target-dir target/fuzz
	$(CARGO) xtask tidy

# Everything. The arena and the browser come last: they are the longest.
test: setup tidy
	$(CARGO) test --workspace --exclude arena --exclude browser
	$(MAKE) arena
	$(MAKE) browser

# Real services and real attackers in network namespaces of their own.
arena: setup
	$(CARGO) build --package stockade
	$(CARGO) test --package arena -- --test-threads=8

# The pages in a real Chromium, the API, attacks on both. UPDATE_SCREENSHOTS=1 renews the pictures in docs/pages.
browser: setup
	$(CARGO) build --package stockade
	$(CARGO) test --package browser -- --test-threads=4

# An attack and its end, told as it happens, in a minute. Needs root.
demo: setup
	$(CARGO) build --package stockade
	$(CARGO) run --quiet --package arena --bin demo

# Against the peers, on the same logs. Needs root for the kernel's part.
bench: setup
	$(CARGO) build --release --package stockade
	benches/run.sh

# Every fuzz target for SECONDS each, one after the other. Needs a nightly compiler and `cargo install cargo-fuzz`.
# What it begins with and what it finds stay under target/fuzz. Our code has no unsafe part: no sanitizer is needed.
FUZZ = $(CARGO) +nightly fuzz
fuzz:
	$(CARGO) +nightly run --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --example seeds -- target/fuzz/corpus
	$(FUZZ) build --sanitizer none --target-dir target/fuzz
	for target in $$($(FUZZ) list); do \
		mkdir -p target/fuzz/corpus/$$target target/fuzz/artifacts/$$target || exit 1; \
		$(FUZZ) run --sanitizer none --target-dir target/fuzz $$target target/fuzz/corpus/$$target -- \
			-artifact_prefix=target/fuzz/artifacts/$$target/ -dict=target/fuzz/corpus/words \
			-max_total_time=$(SECONDS) -timeout=5 -report_slow_units=1 -print_final_stats=1 || exit 1; \
	done

clean-state:
	rm -rf $(STATE)
