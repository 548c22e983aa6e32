# make demo        a made-up company, the shipped jobs run for one day, mails as files: see tend at work
# make demo-clean  removes it
# make test        all tests (starts its own private Postgres)
# make check       format, lints, documentation, licences, migrations, prepared queries, job files
# make fuzz        random conditions, job files, returned mails and calls: conditions to Postgres (TEND_FUZZ_CASES=200000), then guided by what the
#                  code does with them (FUZZ_SECONDS=60 for each target; installs cargo-fuzz when it is missing)
# make fmt         formats the code
# make sqlx        writes .sqlx anew after a change of SQL or schema
# make bench       the benchmarks (see benches/README.md; takes a while)
# make soak        the long tests: crashes, kills, two processes through a year (TEND_SOAK=20 times the short form)

SHELL := /bin/bash
CARGO ?= cargo
# Queries are checked against .sqlx, so that a build needs no database. SQLX_OFFLINE=false checks against DATABASE_URL.
export SQLX_OFFLINE ?= true

.PHONY: demo demo-clean test check bench soak fuzz fmt sqlx postgres rust

demo: postgres rust
	$(CARGO) build
	target/debug/tend demo $(DEMO)

# The private Postgres may lie elsewhere behind a link (see src/db/embedded/layout.rs); its lock says whether it runs.
demo-clean:
	@if [ -e .tend/postgres/lock ] && ! flock -n .tend/postgres/lock true; then \
		echo "A tend process is using .tend; stop it first." >&2; exit 1; fi
	@if [ -L .tend/postgres ]; then rm -rf "$$(readlink -f .tend/postgres)"; fi
	rm -rf .tend

test: postgres rust
	$(CARGO) test

check: postgres rust
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items --quiet
	.ci/migrations
	@if $(CARGO) sqlx --version >/dev/null 2>&1; then \
		echo "prepared queries"; SQLX_OFFLINE=false .ci/with-postgres $(CARGO) sqlx prepare --check -- --all-targets; \
	else echo "prepared queries: not checked, sqlx-cli is not installed (see .ci/run)"; fi
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny check licenses bans sources; \
		if [ -n "$(ADVISORIES)" ]; then $(CARGO) deny --offline check advisories; \
		else echo "advisories: not checked (make check ADVISORIES=1 where cargo-deny has a copy of the database)"; fi; \
	else echo "licences, bans, sources: not checked, cargo-deny is not installed (see .ci/run)"; fi
	$(CARGO) run --quiet -- check

bench: postgres rust
	$(CARGO) bench

soak: postgres rust
	TEND_SOAK=$${TEND_SOAK:-20} $(CARGO) test --test it soak:: -- --nocapture --test-threads 1

# First as many texts as TEND_FUZZ_CASES says, with Postgres; then the targets of fuzz/, without. These begin with the
# conditions of the documentation and the shipped files, keep what they learn in fuzz/corpus, and put what breaks in
# fuzz/artifacts. The compiler's flags for them are nightly's: RUSTC_BOOTSTRAP has the stable one take them.
FUZZ_SECONDS ?= 60
CARGO_FUZZ = RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none --codegen-units 16
fuzz: postgres rust
	TEND_FUZZ_CASES=$${TEND_FUZZ_CASES:-200000} $(CARGO) test --test it filter::fuzz:: -- --nocapture
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-fuzz --version 0.13.2
	@mkdir -p fuzz/corpus/filter fuzz/corpus/job_file
	@grep -o '`{ [^`]* }`' docs/filters.md | tr -d '`' | sed 's/\\|/|/g' | split -a 3 -l 1 - fuzz/corpus/filter/documented-
	$(CARGO_FUZZ) filter fuzz/corpus/filter -- -max_total_time=$(FUZZ_SECONDS)
	$(CARGO_FUZZ) job_file fuzz/corpus/job_file jobs -- -max_total_time=$(FUZZ_SECONDS)
	@mkdir -p fuzz/corpus/returned_mail fuzz/corpus/provider_call
	$(CARGO_FUZZ) --release returned_mail fuzz/corpus/returned_mail tests/it/returned/mails -- -max_total_time=$(FUZZ_SECONDS)
	$(CARGO_FUZZ) --release provider_call fuzz/corpus/provider_call tests/it/returned/posted -- -max_total_time=$(FUZZ_SECONDS)

fmt:
	$(CARGO) fmt

sqlx: postgres
	SQLX_OFFLINE=false .ci/with-postgres $(CARGO) sqlx prepare -- --all-targets

postgres:
	@.ci/postgres >/dev/null

rust:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: install 1.95 or newer with rustup" >&2; exit 1; }
