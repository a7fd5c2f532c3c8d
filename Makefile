# The commands of the house. Everything else is cargo's.

CARGO ?= cargo
STATE ?= ./var

.PHONY: all run test tidy arena bench demo setup clean-state

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
	$(CARGO) xtask tidy

# Everything. The arena comes last: it is the longest.
test: setup tidy
	$(CARGO) test --workspace --exclude arena
	$(MAKE) arena

# Real services and real attackers in network namespaces of their own.
arena: setup
	$(CARGO) build --package stockade
	$(CARGO) test --package arena -- --test-threads=8

# An attack and its end, told as it happens, in a minute. Needs root.
demo: setup
	$(CARGO) build --package stockade
	$(CARGO) run --quiet --package arena --bin demo

# Against the peers, on the same logs. Needs root for the kernel's part.
bench: setup
	$(CARGO) build --release --package stockade
	benches/run.sh

clean-state:
	rm -rf $(STATE)
