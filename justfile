# What people type here. `just` alone lists it; what needs code stands in `xtask/`.

[private]
default:
    @just --list --unsorted

# Every check, the quick ones first; what is asked before a change is handed in
[group('check')]
check: fmt-check deny clippy test doc

# Run every test: the README's command
[group('check')]
test:
    cargo test --workspace

# Lint everything, tests and examples too; a warning fails
[group('check')]
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# Lint for macOS and Windows, from any system; needs `rustup target add` for both. No C is compiled.
[group('check')]
platforms: (platform "aarch64-apple-darwin") (platform "x86_64-pc-windows-gnu")

[private]
platform TARGET:
    CC_{{ replace(TARGET, "-", "_") }}=true AR_{{ replace(TARGET, "-", "_") }}=true cargo clippy --target-dir target/platforms --target {{ TARGET }} --workspace --all-targets -- -D warnings

# Build the documentation of our crates; a warning fails
[group('check')]
doc *ARGS:
    cargo doc --workspace --no-deps --config 'build.rustdocflags=["-D", "warnings"]' {{ ARGS }}

# Fail when a file is not formatted
[group('check')]
fmt-check:
    cargo fmt --all --check

# Licences, banned crates and sources of the dependencies; needs `cargo-deny`
[group('check')]
deny:
    cargo deny check --hide-inclusion-graph bans licenses sources

# Known vulnerabilities of the dependencies; fetches the advisory database, so not in `check`
[group('check')]
advisories:
    cargo deny check advisories

# The build that has `--store keyring`; needs `dbus`, `gnome-keyring` and `libsecret-tools` to show more
[group('check')]
keyring:
    cargo clippy --package auth-store --package login-cli --features keyring --all-targets -- -D warnings
    cargo test --package auth-store --features keyring --test keyring
    cargo test --package login-cli --features keyring --lib args

fuzz_targets := "callback_query http_head token_response token_error jwt_claims organization_list project_list terminal"

# Each fuzz target until a LIMIT of libFuzzer's; needs a nightly compiler and `cargo install cargo-fuzz`
[group('check')]
fuzz LIMIT="-max_total_time=60":
    for target in {{ fuzz_targets }}; do just fuzz-one $target "{{ LIMIT }}" || exit 1; done

# What is found on the way stays in `fuzz/target`; `fuzz/corpus` holds the seeds alone. No code of ours
# is unsafe, and without the address sanitizer ten times as much is tried.
[private]
fuzz-one TARGET LIMIT:
    mkdir -p fuzz/target/corpus/{{ TARGET }}
    cargo +nightly fuzz run --sanitizer none {{ TARGET }} fuzz/target/corpus/{{ TARGET }} fuzz/corpus/{{ TARGET }} -- -dict=fuzz/dictionaries/{{ TARGET }}.dict {{ LIMIT }} -timeout=1 -rss_limit_mb=256 -verbosity=0 -print_final_stats=1

# What takes longer than CI has: every fault, the callback under full load, longer fuzzing
[group('check')]
nightly: (stress "callback") faults (fuzz "-max_total_time=600")

# What CI runs; where a nightly compiler is, `.ci/run` fuzzes as well
[group('check')]
ci: check (demo "--headless") browser (stress "callback" "--short") (faults "--short") simulate dist threats

# Both sign-ins against the sandbox in your browser; `--headless` plays the person
[group('see')]
demo *ARGS:
    cargo xtask demo {{ ARGS }}

# Start, round trips, memory and size as a table of ratios
[group('see')]
bench *ARGS:
    cargo xtask bench {{ ARGS }}

# Sign-ins in real browsers: Chromium, Firefox, WebKit; `--screenshots DIR` keeps pictures
[group('see')]
browser *ARGS:
    cargo xtask browser {{ ARGS }}

# The documentation as a book, in `target/book/`; needs `cargo install mdbook`
[group('see')]
book:
    mdbook build docs

# The pictures of the README, from the pages as they are served
[group('see')]
images: (browser "--screenshots" "target/pages")
    cp target/pages/signed-in-desktop-*.png docs/images/

# The callback server among slow, flooding and hostile clients; `callback --short` takes a minute
[group('see')]
stress *ARGS:
    cargo xtask stress {{ ARGS }}

# The credential store killed and refused at every step of a save; `--short` takes a minute; needs `strace`
[group('see')]
faults *ARGS:
    cargo xtask faults {{ ARGS }}

# The refresh protocol under the schedules of many seeds; `--seed S` replays one, `--broken` has to fail
[group('see')]
simulate *ARGS:
    cargo xtask simulate {{ ARGS }}

# Which crate may use which, and what must stay away from what
[group('see')]
layers:
    cargo xtask layers

# Which rows of docs/threats.md a test names; with numbers, the tests of those rows
[group('see')]
threats *ARGS:
    cargo xtask threats {{ ARGS }}

# The local issuer and platform, to develop against
[group('work')]
sandbox *ARGS:
    cargo run --package sandbox -- {{ ARGS }}

# One archive with the program, its manual and its completions, in `target/dist/`
[group('work')]
dist:
    cargo xtask dist

# The program as a person gets it: optimised, in `target/release/`
[group('work')]
release:
    cargo build --release --package login-cli

# Format every file
[group('work')]
fmt:
    cargo fmt --all
