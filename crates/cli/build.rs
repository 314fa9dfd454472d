//! Leaves out of a release what only an unwinder would read: an eighth of the program. A panic of this
//! program ends its process where it happens, and nobody ever unwinds.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by the environment")]

use std::env::var;

/// For the linker, beside its own script.
const SCRIPT: &str = "link/without_unwinding.ld";

fn main() {
    println!("cargo::rerun-if-changed={SCRIPT}");
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && has_usual_linker() {
        let folder = var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-T{folder}/{SCRIPT}");
    }
}

fn is(name: &str, value: &str) -> bool {
    var(name).is_ok_and(|it| it == value)
}

/// GNU's and LLVM's know such a script. Where somebody has chosen another, it may not, and the program
/// is larger there.
fn has_usual_linker() -> bool {
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    var("RUSTC_LINKER").is_err() && !["linker", "fuse-ld"].iter().any(|it| flags.contains(it))
}
