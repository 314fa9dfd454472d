//! Our library crates leave the programs that use them alone: they enable no feature that changes what
//! `serde_json`, `url`, `tracing` and `log` do for the program.
//!
//! `user-program` depends on every library crate. It is a workspace of its own, because cargo unifies the features
//! of a workspace: in ours, those of `login-cli` would count as well.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

/// The members of the workspace that no program depends on.
const NO_LIBRARIES: [&str; 4] = ["login-cli", "rigs", "sandbox", "xtask"];

/// Packages that every program shares, and the features that leave them as they are. `idna_adapter` 1.0 supports only
/// ASCII names; later versions convert the others.
const SHARED: [(&str, &[&str]); 5] = [
    ("serde_json", &["default", "raw_value", "std"]),
    ("url", &["default", "serde", "std"]),
    ("idna_adapter", &["compiled_data"]),
    ("tracing", &["attributes", "default", "log", "std", "tracing-attributes"]),
    ("log", &["alloc", "std"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata(manifest: &str, options: &[&str]) -> Metadata {
    let mut command = MetadataCommand::new();
    let options = options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>();
    command.manifest_path(root().join(manifest)).other_options(options).exec().unwrap()
}

#[test]
fn libraries_do_not_change_json_urls_and_logs_of_a_program() {
    let options = ["--locked", "--filter-platform", "host-tuple"];
    let program = metadata("xtask/tests/user-program/Cargo.toml", &options);
    for (name, harmless) in SHARED {
        let packages: Vec<_> = program.packages.iter().filter(|it| *it.name == name).collect();
        assert!(!packages.is_empty(), "{name} is not used: remove it here");
        for package in packages {
            assert!(name != "idna_adapter" || package.version.minor > 0, "{}", package.version);
            let nodes = &program.resolve.as_ref().unwrap().nodes;
            let node = nodes.iter().find(|node| node.id == package.id).unwrap();
            let features: Vec<&str> = node.features.iter().map(|it| it.as_str()).collect();
            let other: Vec<_> = features.iter().filter(|it| !harmless.contains(it)).collect();
            assert!(other.is_empty(), "{name}: {other:?} may change what a program sees");
        }
    }
}

/// The test above sees only these.
#[test]
fn no_library_is_missing_in_the_user_program() {
    let workspace = metadata("Cargo.toml", &["--no-deps"]);
    let members: BTreeSet<&str> = workspace.packages.iter().map(|it| it.name.as_str()).collect();
    let program = metadata("xtask/tests/user-program/Cargo.toml", &["--no-deps"]);
    let dependencies = &program.packages[0].dependencies;
    let dependencies: BTreeSet<&str> = dependencies.iter().map(|it| it.name.as_str()).collect();
    let missing: Vec<&&str> =
        members.difference(&dependencies).filter(|name| !NO_LIBRARIES.contains(name)).collect();
    assert!(missing.is_empty(), "missing in user-program: {missing:?}");
}
