# Houseparty. `make run` serves the multi-party example, `make test` runs everything that `.ci/run` runs as tests.

CARGO ?= cargo
PORT ?= 1999
ROUNDS ?= 10

.PHONY: run test check fmt crash conformance wpt compat bench setup clean

run: setup
	$(CARGO) run --quiet -- dev --port $(PORT)

test: setup
	./scripts/install-clients
	$(CARGO) nextest run --no-fail-fast

# Formatting and lints, as .ci/run holds them.
check: setup
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --quiet -- -D warnings

fmt:
	$(CARGO) fmt

# The black-box suite beside the clone, if it is there.
conformance: setup
	./scripts/conformance

# Web Platform Tests in rooms, beside the list of those that are known to fail.
wpt: setup
	$(CARGO) build
	./scripts/wpt

# The spec cases against the real PartyKit: where it differs from us.
compat: setup
	./scripts/compat

# The crash harness alone: `make crash ROUNDS=200`.
crash: setup
	HOUSEPARTY_CRASH_ROUNDS=$(ROUNDS) $(CARGO) nextest run --test tests crash --no-capture

# Beside `partykit dev` and a server without JavaScript; writes BENCHMARKS.md.
bench: setup
	$(CARGO) build
	./scripts/bench

setup:
	@./scripts/setup

clean:
	$(CARGO) clean
