# The tasks of this repository. `just` lists them. Tasks that need code are in `xtask/`.

[private]
default:
    @just --list --unsorted

# `.ci/run` sets it to the program that the tests have compiled, because `cargo xtask` compiles it with other features.
xtask := env("XTASK", "cargo xtask")

# The crates that a program can depend on, as options of cargo.
libraries := `grep -l '^keywords = ' crates/*/Cargo.toml | sed 's|crates/\(.*\)/Cargo.toml|--package \1|' | tr '\n' ' '`

# All checks, the fast ones first; run this before you propose a change
[group('check')]
check: fmt-check workflows deny clippy test doc

# Run all tests
[group('check')]
test:
    cargo test --workspace

# Lint everything, including tests and examples; warnings are errors
[group('check')]
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# Lint for macOS and Windows on any system; needs `rustup target add` for both. Compiles no C.
[group('check')]
platforms: (platform "aarch64-apple-darwin") (platform "x86_64-pc-windows-gnu")

[private]
platform TARGET:
    CC_{{ replace(TARGET, "-", "_") }}=true AR_{{ replace(TARGET, "-", "_") }}=true cargo clippy --target-dir target/platforms --target {{ TARGET }} --workspace --all-targets -- -D warnings

# Build the documentation of the workspace; warnings are errors
[group('check')]
doc *ARGS:
    cargo doc --workspace --no-deps --config 'build.rustdocflags=["-D", "warnings"]' {{ ARGS }}

# Check the format of all files
[group('check')]
fmt-check:
    cargo fmt --all --check

# Check the workflows for mistakes with `actionlint`, and for what an attacker could use with `zizmor`
[group('check')]
workflows:
    zizmor --offline --quiet .github
    @if command -v actionlint >/dev/null; then actionlint; else echo "not tested on this machine: the workflows: there is no actionlint here"; fi

# Check licences, banned crates and sources of dependencies; needs `cargo-deny`
[group('check')]
deny:
    cargo deny check --hide-inclusion-graph bans licenses sources

# Check dependencies for known vulnerabilities; downloads the advisory database, so it is not in `check`
[group('check')]
advisories:
    cargo deny check advisories

# With `--workspace`, other crates are not compiled again with other features.
#
# Lint and test `--store keyring`; the full test needs `dbus`, `gnome-keyring` and `libsecret-tools`
[group('check')]
keyring:
    cargo clippy --workspace --features auth-store/keyring,login-cli/keyring -- -D warnings
    cargo test --workspace --features auth-store/keyring --test keyring

# The options of the program with a keyring; in `nightly`, because it compiles the program once more.
[private]
keyring-options:
    cargo test --package login-cli --features keyring --lib args

# Lint and test `--store postgres://…`; the full test needs PostgreSQL. With `--workspace`, only `postgres-store` and `login-cli` are compiled again
[group('check')]
postgres:
    cargo clippy --workspace --features login-cli/postgres --all-targets -- -D warnings
    cargo test --workspace --features login-cli/postgres --lib --test e2e -- postgres:: auth_json:: args::tests error::tests

# With `publish = false`, cargo does not find a package of the workspace while it makes one that depends on it. A copy
# of the workspace does not have that line.
#
# Make the packages of the libraries in `target/package/`, and build each; `--no-verify` builds nothing
[group('check')]
package *ARGS:
    rm -rf target/package-source
    mkdir -p target/package-source
    git ls-files -z | tar --null --files-from - --create | tar --extract --directory target/package-source
    sed 's/^publish = false$/publish = true/' Cargo.toml >target/package-source/Cargo.toml
    cd target/package-source && cargo package --allow-dirty --target-dir .. {{ libraries }} {{ ARGS }}

# Check each library with the oldest compiler that its `rust-version` names; installs it with `rustup`
[group('check')]
msrv:
    @for version in $(sed -n 's/^rust-version = "\(.*\)"$/\1/p' crates/*/Cargo.toml | sort -u); do just msrv-of $version || exit 1; done

[private]
msrv-of VERSION:
    @if rustup toolchain install {{ VERSION }} --profile minimal --no-self-update >/dev/null 2>&1; then cargo +{{ VERSION }} check --locked --target-dir target/msrv $(grep -l '^rust-version = "{{ VERSION }}"$' crates/*/Cargo.toml | sed 's|crates/\(.*\)/Cargo.toml|--package \1|'); else echo "not tested on this machine: there is no Rust {{ VERSION }} here"; fi

# Compare the public items of the libraries with those of a REVISION, or of the last tag; needs `cargo-semver-checks`
[group('check')]
semver REVISION=`git describe --tags --abbrev=0 2>/dev/null || true`:
    @if ! cargo semver-checks --version >/dev/null 2>&1; then echo "not tested on this machine: there is no cargo-semver-checks here"; elif [ -z "{{ REVISION }}" ]; then echo "there is no tag: name a revision"; exit 1; else cargo semver-checks --baseline-rev {{ REVISION }} {{ libraries }}; fi

fuzz_targets := "callback_query pasted_url http_head token_response token_error jwt_claims jwk_set discovery device_answer auth_json organization_list project_list terminal helper_answer stream_input proxy_answer"

# Run the fuzz targets with a libFuzzer LIMIT, one on each core; needs a nightly compiler and `cargo install cargo-fuzz`
[group('check')]
fuzz LIMIT="-max_total_time=60":
    printf '%s\n' {{ fuzz_targets }} | xargs -P "$(nproc 2>/dev/null || echo 2)" -I TARGET just fuzz-one TARGET "{{ LIMIT }}"

# New inputs stay in `fuzz/target`; `fuzz/vectors` and `fuzz/corpus` have only the seeds. The workspace has no unsafe code, so the
# address sanitizer is off, which is ten times faster.
[private]
fuzz-one TARGET LIMIT: (seeds TARGET)
    cargo +nightly fuzz run --sanitizer none {{ TARGET }} fuzz/target/corpus/{{ TARGET }} $(ls -d fuzz/corpus/{{ TARGET }} 2>/dev/null) -- -dict=fuzz/dictionaries/{{ TARGET }}.dict {{ LIMIT }} -timeout=1 -rss_limit_mb=256 -verbosity=0 -print_final_stats=1

# Change CRATES in one place at a time: their own tests must notice 95 %; a SHARD such as `3/14` is a sample; needs `cargo-mutants`
[group('check')]
mutants SHARD="0/1" *CRATES="pkce credentials oauth-callback-server token-client token-source auth-store login":
    @rm -rf target/mutants.out
    @if cargo mutants --version >/dev/null 2>&1; then cargo mutants --jobs 1 --exclude '**/fuzzing.rs' --exclude '**/keyring_store.rs' --sharding round-robin --shard {{ SHARD }} --output target $(printf -- '--package %s ' {{ CRATES }}); case $? in 0 | 2 | 3) just mutation-score ;; *) exit 1 ;; esac; else echo "not tested on this machine: mutants: there is no cargo-mutants here"; fi

# A mutant that does not compile counts for nothing; one with which the tests do not end is noticed.
[private]
mutation-score:
    @cd target/mutants.out && cat caught.txt timeout.txt missed.txt | wc -l | awk -v missed="$(wc -l <missed.txt)" '{ score = $1 ? 100 * ($1 - missed) / $1 : 100; printf "%d of %d mutants were noticed: %.1f %%\n", $1 - missed, $1, score; exit score < 95 }'

# The files with parsers. They also have code that no input reaches: it changes documents, or checks signatures.
parsers := "auth-store/src/document/mod.rs auth-store/src/format credentials/src/claims/mod.rs credentials/src/jwt.rs credential-helper/src/message.rs credential-helper/src/protocol.rs http-client/src/error_response.rs http-client/src/redact.rs oauth-callback-server/src/classify/mod.rs oauth-callback-server/src/pasted_callback.rs oauth-callback-server/src/pasted_text.rs oauth-callback-server/src/query/mod.rs oauth-callback-server/src/request_head.rs platform-api/src/list.rs printable/src/line.rs terminal-ui/src/stdin.rs token-client/src/device.rs token-client/src/jwk_set/mod.rs token-client/src/seconds.rs token-client/src/token_response.rs"

# Print how much of the parsers the seeds and the inputs of the last `just fuzz` reach; needs `rustup component add llvm-tools`
[group('check')]
coverage:
    @if ls "$(rustc +nightly --print target-libdir)/../bin/llvm-cov" >/dev/null 2>&1 && cargo fuzz --version >/dev/null 2>&1; then for target in {{ fuzz_targets }}; do just coverage-of $target || exit 1; done; just coverage-report; else echo "not tested on this machine: coverage: there is no cargo-fuzz with llvm-tools here"; fi

[private]
coverage-of TARGET: (seeds TARGET)
    cargo +nightly fuzz coverage --sanitizer none {{ TARGET }} fuzz/target/corpus/{{ TARGET }} $(ls -d fuzz/corpus/{{ TARGET }} 2>/dev/null)

[private]
coverage-report:
    @bin="$(rustc +nightly --print target-libdir)/../bin" && triple="$(rustc +nightly --print host-tuple)" && \
        "$bin/llvm-profdata" merge -o fuzz/target/coverage.profdata fuzz/coverage/*/coverage.profdata && \
        objects=$(printf -- "--object target/$triple/coverage/$triple/release/%s " {{ fuzz_targets }}) && \
        "$bin/llvm-cov" report --instr-profile=fuzz/target/coverage.profdata ${objects#--object } --sources $(printf 'crates/%s ' {{ parsers }}) | \
        awk '{ print } $1 == "TOTAL" { reached = $4 } END { exit reached + 0 < 75 }'

# Run all tests TIMES, while other programs use every core, and count the runs that fail
[group('check')]
flaky TIMES="50":
    cargo test --workspace --no-run
    @load=; for _ in $(seq "$(nproc 2>/dev/null || echo 2)"); do (while :; do :; done) & load="$load $!"; done; trap 'kill $load' EXIT; trap 'exit 130' INT TERM; \
        failed=0; for run in $(seq {{ TIMES }}); do cargo test --workspace --quiet >target/flaky.log 2>&1 || { failed=$((failed + 1)); cp target/flaky.log "target/flaky-$run.log"; grep -- '--- FAILED' target/flaky.log; }; done; \
        echo "$failed of {{ TIMES }} runs failed; target/flaky-*.log have their output"; [ $failed = 0 ]

# The inputs of the vectors.
[private]
seeds TARGET:
    mkdir -p fuzz/target/corpus/{{ TARGET }}
    for file in $(ls fuzz/vectors/{{ TARGET }} 2>/dev/null); do tail -n +2 fuzz/vectors/{{ TARGET }}/$file > fuzz/target/corpus/{{ TARGET }}/$file; done

# Checks that take too long for CI: all faults, the callback server under full load, longer fuzzing
[group('check')]
nightly: package msrv (stress "callback") faults model (fuzz "-max_total_time=600") coverage (flaky "3") keyring-options emulators no-std

# Compile `pkce` for a microcontroller without the standard library; needs `rustup target add thumbv7em-none-eabi`
[group('check')]
no-std:
    cargo check --package pkce --no-default-features --target thumbv7em-none-eabi

# Run end-to-end TESTS with the static program of a release for Linux, or all; needs `rustup target add` and `musl-gcc`
[group('check')]
musl *TESTS:
    @if rustc --print target-libdir --target {{ static }} | xargs ls >/dev/null 2>&1; then {{ xtask }} dist && LOGIN_CLI_TEST_PROGRAM={{ static_programs }}/login-cli cargo test --workspace --test e2e -- {{ TESTS }}; else echo "not tested on this machine: the static program: there is no {{ static }} here"; fi

static := arch() + "-unknown-linux-musl"
tests_programs := justfile_directory() / "target/debug"
static_programs := justfile_directory() / "target/release-builds" / static / "release"

# Run a TASK with the programs in a FOLDER, if they are there; otherwise it compiles them with features of its own.
[private]
with FOLDER +TASK:
    BUILT_PROGRAMS={{ FOLDER }} {{ xtask }} {{ TASK }}

# The end-to-end tests of the main commands.
main_tests := "login:: create_key:: device_code:: token:: refresh:: logout:: profiles:: signals::"

# All tests with the program of a release, and those of the main commands with the program that `cargo` builds.
[private]
tests-of-ci:
    cargo test --workspace --no-run
    @if rustc --print target-libdir --target {{ static }} | xargs ls >/dev/null 2>&1; then {{ xtask }} dist && LOGIN_CLI_TEST_PROGRAM={{ static_programs }}/login-cli cargo test --workspace && cargo test --workspace --test e2e -- {{ main_tests }}; else echo "not tested on this machine: the static program: there is no {{ static }} here"; cargo test --workspace; fi

# The faults run with the program of a release, which has an allocator of its own, and with that of the tests.
#
# All checks of CI; `.ci/run` also fuzzes if a nightly compiler is installed
[group('check')]
ci: fmt-check workflows deny clippy tests-of-ci doc (with tests_programs "demo" "--headless") (with tests_programs "browser") simulate (model "--faults" "1") (with tests_programs "providers") (package "--no-verify") (dist "--packages" "--twice") (with static_programs "stress" "callback" "--short") (with static_programs "faults" "--short") (with tests_programs "faults" "--spent" "--short") (emulators "--short")

# Both sign-ins and a menu of projects, against the sandbox in your browser; `--headless` simulates it
[group('see')]
demo *ARGS:
    {{ xtask }} demo {{ ARGS }}

# Measure start time, round trips, memory and size as a table of ratios
[group('see')]
bench *ARGS:
    {{ xtask }} bench {{ ARGS }}

# Sign in with real browsers: Chromium, Firefox, WebKit; `--screenshots DIR` saves screenshots
[group('see')]
browser *ARGS:
    {{ xtask }} browser {{ ARGS }}

# Build the documentation as a book in `target/book/`; needs `cargo install mdbook`, and npm for the diagrams
[group('see')]
book:
    mdbook build docs
    -npm install --silent --prefix target/tools/mermaid mermaid@11
    -cp target/tools/mermaid/node_modules/mermaid/dist/mermaid.min.js target/book/

# Record a sign-in against the sandbox for `docs/commands.md`; needs `pip install 'asciinema<3'` and npm
[group('see')]
recording:
    cargo build --package login-cli --package sandbox
    asciinema rec --quiet --overwrite --cols 88 --rows 26 --command 'bash docs/images/recording.sh' target/recording.cast
    npx --yes svg-term-cli@2.1.1 --in target/recording.cast --out docs/images/recording.svg --window --no-cursor

# Update the screenshots of the README
[group('see')]
images: (browser "--screenshots" "target/pages")
    cp target/pages/signed-in-desktop-*.png docs/images/

# Test the callback server with slow, flooding and hostile clients; `callback --short` takes a minute
[group('see')]
stress *ARGS:
    {{ xtask }} stress {{ ARGS }}

# Kill the program or fail a system call at every step of a save; `--short` takes a minute; needs `strace`
[group('see')]
faults *ARGS:
    {{ xtask }} faults {{ ARGS }}

# What each fault of a machine, the network or the database costs a sign-in that machines share; needs PostgreSQL and PgBouncer
[group('see')]
fleet:
    cargo test --package postgres-store --test postgres -- --nocapture 2>&1 | grep -E '^[.]*[|] |^test result|^not tested'

# How long so many processes on 20 machines take for one refresh: processes, machines, route, requests, tokens, connections, time
[group('see')]
fleet-sizes SIZES="1,50,400,1000":
    POSTGRES_STORE_TEST_SIZES={{ SIZES }} cargo test --release --package postgres-store --test postgres -- --nocapture machines::sizes 2>&1 | grep -E '^[.]*[|] |^test result|^not tested|panicked'

# Simulate the refresh protocol with many random seeds; `--seed S` replays one, `--broken` must fail
[group('see')]
simulate *ARGS:
    {{ xtask }} simulate {{ ARGS }}

# Check a model of the refresh protocol in every schedule; `--broken` must fail with a counterexample
[group('see')]
model *ARGS:
    {{ xtask }} model {{ ARGS }}

# Compare a sign-in with those of other libraries; builds each from nothing. `docs/comparison.md` has the last table
[group('see')]
compare *ARGS:
    {{ xtask }} compare {{ ARGS }}

# Sign in at OpenID providers of others with the example of `native-oauth`; `.ci/run` installs them
[group('see')]
providers:
    {{ xtask }} providers

# Run tests of the programs for arm64 (QEMU) and Windows (Wine); `--short` runs a sign-in, a refresh and a console
[group('see')]
emulators *ARGS:
    {{ xtask }} emulators {{ ARGS }}

# List the tests of these rows of docs/threats.md; `--write` corrects the tests that the document names
[group('see')]
threats *ARGS:
    {{ xtask }} threats {{ ARGS }}

# Run a local issuer and platform for development
[group('work')]
sandbox *ARGS:
    cargo run --package sandbox -- {{ ARGS }}

# Build an archive in `target/dist/`; `--packages` also makes, installs and tries packages, `--help` lists more
[group('work')]
dist *ARGS:
    {{ xtask }} dist {{ ARGS }}

# Build the optimised program in `target/release/`
[group('work')]
release:
    cargo build --release --package login-cli

# Format all files
[group('work')]
fmt:
    cargo fmt --all
