//! A `CycloneDX` list of the crates in the program, without a path of this machine.

use std::collections::BTreeMap;
use std::fs;

use rigs::program::{cargo, rustc};
use serde_json::{Value, json};

use super::release::Release;
use super::targets::Target;
use super::{Outcome, said};

/// The list for a target, as JSON.
///
/// # Errors
///
/// Cargo cannot list the crates.
pub(super) fn document(release: &Release, target: &Target) -> Outcome<String> {
    let mut tree = cargo(&release.root);
    tree.args(["tree", "--locked", "--package", "login-cli", "--target", target.triple]);
    tree.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"]);
    let tree = String::from_utf8(said(&mut tree)?)?;
    let lock = fs::read_to_string(release.root.join("Cargo.lock"))?;
    let checksums = checksums(&lock);
    let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    crates.sort_unstable();
    crates.dedup();
    let components: Vec<Value> =
        crates.into_iter().filter_map(|line| component(line, &checksums)).collect();
    let compiler = String::from_utf8(said(rustc().arg("--version"))?)?;
    let compiler = compiler.split(' ').nth(1);
    let (name, version) = ("login-cli", &release.version);
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": release.time.to_string(),
            "tools": {"components": [{"type": "application", "name": "rustc", "version": compiler}]},
            "component": {"type": "application", "bom-ref": name, "name": name, "version": version},
        },
        "components": components,
    });
    Ok(format!("{document:#}\n"))
}

/// A crate of `cargo tree`: `NAME vVERSION`, a path or `(proc-macro)`, `|LICENCE`. The program is not a
/// component of itself.
fn component(line: &str, checksums: &BTreeMap<(&str, &str), &str>) -> Option<Value> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    if name == "login-cli" {
        return None;
    }
    let mut component = json!({
        "type": "library",
        "bom-ref": format!("{name}@{version}"),
        "name": name,
        "version": version,
        "licenses": [{"expression": expression(licence)}],
    });
    // The crates of this workspace are on no registry, where another crate may have the name.
    if let Some(checksum) = checksums.get(&(name, version)) {
        component["purl"] = json!(format!("pkg:cargo/{name}@{version}"));
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    Some(component)
}

/// Old crates write `MIT/Apache-2.0`, which is no SPDX expression.
fn expression(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

/// The checksums of `Cargo.lock`, by name and version.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let entries = lock.split("[[package]]").map(|package| {
        let field = |name| field(package, name);
        Some(((field("name")?, field("version")?), field("checksum")?))
    });
    entries.flatten().collect()
}

fn field<'a>(package: &'a str, name: &str) -> Option<&'a str> {
    let value = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
    value?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_have_a_registry_address_only_with_a_checksum() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ff\"\n\n\
                    [[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
        let checksums = checksums(lock);
        let a = component("a v1.0.0 (proc-macro)|MIT / Apache-2.0", &checksums).unwrap();
        assert_eq!(a["purl"], "pkg:cargo/a@1.0.0");
        assert_eq!(a["licenses"][0]["expression"], "MIT OR Apache-2.0");
        let b = component("b v0.1.0 (/home/ada/b)|MIT", &checksums).unwrap();
        assert_eq!(b.get("purl"), None);
        assert!(!b.to_string().contains("ada"), "{b}");
        assert_eq!(component("login-cli v0.1.0 (/home/ada)|MIT", &checksums), None);
    }
}
