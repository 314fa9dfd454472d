//! Which crate may use which, and what no crate may reach. This table is the documentation.
//!
//! Normal and build dependencies follow the table. Dev-dependencies may add the sandbox, and what a second table has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Each crate, and the crates of ours that it may use. A crate stands below those it uses.
const LAYERS: &[(&str, &[&str])] = &[
    ("credentials", &[]),
    ("pkce", &[]),
    ("printable", &[]),
    ("terminal-ui", &["printable"]),
    ("credential-helper", &["printable"]),
    ("shared-file", &[]),
    ("http-client", &["printable"]),
    ("oauth-callback-server", &["credentials", "printable"]),
    ("token-source", &["credentials"]),
    ("token-client", &["credentials", "pkce", "http-client"]),
    ("token-store", &["credentials", "shared-file", "token-source", "token-client"]),
    ("platform-api", &["credentials", "http-client"]),
    (
        "native-oauth",
        &["credentials", "pkce", "http-client", "oauth-callback-server", "token-client"],
    ),
    ("auth-store", &["credentials", "credential-helper", "shared-file", "token-source"]),
    ("postgres-store", &["credentials", "token-source", "auth-store"]),
    (
        "login",
        &[
            "credentials",
            "pkce",
            "printable",
            "http-client",
            "oauth-callback-server",
            "token-source",
            "token-client",
            "platform-api",
            "native-oauth",
            "auth-store",
        ],
    ),
    ("diagnostics", &["http-client", "oauth-callback-server", "auth-store"]),
    (
        "login-cli",
        &[
            "credentials",
            "pkce",
            "printable",
            "http-client",
            "oauth-callback-server",
            "token-source",
            "token-client",
            "platform-api",
            "auth-store",
            "postgres-store",
            "credential-helper",
            "terminal-ui",
            "login",
            "diagnostics",
        ],
    ),
    ("sandbox", &[]),
    ("rigs", &["sandbox", "credentials", "token-source"]),
    ("xtask", &["sandbox", "login-cli", "rigs"]),
];

/// What the examples and tests of a crate may use beside the sandbox, and why.
const EXAMPLES: &[(&str, &str, &str)] =
    &[("native-oauth", "token-store", "an example stores the tokens of its sign-in")];

/// Packages with which a crate could open a connection.
const NETWORK: &[&str] = &["http-client", "hyper", "mio", "reqwest", "rustls", "socket2", "tokio"];

/// What a crate must not reach, through however many others, and why.
const UNREACHABLE: &[(&str, &[&str], &str)] = &[
    ("credentials", NETWORK, "the secrets are types without I/O"),
    ("pkce", NETWORK, "another crate sends the verifier"),
    ("auth-store", NETWORK, "what the store reads cannot leave by the network"),
    ("shared-file", NETWORK, "what is in a file cannot leave by the network"),
    ("token-source", NETWORK, "the refresh gets store, endpoint and clock from its caller"),
    (
        "oauth-callback-server",
        &["http-client", "pkce", "reqwest", "rustls"],
        "the server that receives a code cannot exchange it",
    ),
    ("platform-api", &["token-client"], "issuer and platform are two services"),
    ("token-client", &["platform-api"], "issuer and platform are two services"),
    ("terminal-ui", &["login", "reqwest"], "the caller passes what the terminal can do"),
];

/// Packages that only these crates may declare, and why.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (&["reqwest"], &["http-client"], "one HTTP policy"),
    (
        &["rustls", "tokio-rustls"],
        &["http-client", "postgres-store", "sandbox"],
        "TLS is set up in one place, and for the connection to a database in another",
    ),
    (&["tokio-postgres"], &["postgres-store"], "one place talks to a database"),
    (
        &["clap", "tracing-subscriber"],
        &["login-cli", "sandbox", "rigs", "xtask"],
        "the command line belongs to the program",
    ),
    (
        &["anstream", "anstyle"],
        &["login-cli", "sandbox", "terminal-ui", "xtask"],
        "the terminal belongs to the program",
    ),
    (&["dialoguer", "qrcode"], &["terminal-ui"], "one place draws on the terminal"),
    (&["webbrowser"], &["login", "native-oauth"], "one place opens a browser"),
];

/// Asks cargo about the packages of this platform: those of others are not downloaded.
fn read(root: &Path) -> Result<Metadata, cargo_metadata::Error> {
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), "host-tuple".to_owned()])
        .exec()
}

fn member<'a>(workspace: &'a Metadata, name: &str) -> Option<&'a Package> {
    workspace.workspace_packages().into_iter().find(|package| package.name.as_str() == name)
}

fn violations(workspace: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.workspace_packages() {
        found.extend(forbidden_arrows(workspace, package));
        found.extend(unused_arrows(package));
        found.extend(uses_of_reserved_packages(package));
        let reached = reachable(workspace, package);
        for (name, packages, reason) in UNREACHABLE {
            let broken =
                packages.iter().filter(|it| name == &&**package.name && reached.contains(**it));
            found.extend(broken.map(|other| format!("{name} reaches {other}: {reason}")));
        }
    }
    found
}

fn forbidden_arrows(workspace: &Metadata, package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, may_use)) = LAYERS.iter().find(|(row, _)| *row == name) else {
        return vec![format!("{name} is not in the table")];
    };
    let ours = package.dependencies.iter().filter(|used| member(workspace, &used.name).is_some());
    ours.filter(|used| !may_use.contains(&used.name.as_str()))
        .filter(|used| {
            used.kind != DependencyKind::Development || !is_for_examples(name, &used.name)
        })
        .map(|used| format!("{name} may not use {}", used.name))
        .collect()
}

fn is_for_examples(name: &str, used: &str) -> bool {
    used == "sandbox" || EXAMPLES.iter().any(|(from, to, _)| (*from, *to) == (name, used))
}

/// An arrow of the table that the crate does not need.
fn unused_arrows(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let rows = LAYERS.iter().filter(|(row, _)| *row == name);
    let is_used = |other: &str| package.dependencies.iter().any(|it| it.name == other);
    rows.flat_map(|(_, may_use)| *may_use)
        .filter(|other| !is_used(other))
        .map(|other| format!("{name} does not use {other}: remove it from the table"))
        .collect()
}

/// What the crate declares and only other crates may.
fn uses_of_reserved_packages(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let shipped = package.dependencies.iter().filter(|it| it.kind != DependencyKind::Development);
    let names: BTreeSet<_> = shipped.map(|used| used.name.as_str()).collect();
    let rules = RESERVED.iter().filter(|(_, owners, _)| !owners.contains(&name));
    rules
        .flat_map(|(packages, _, reason)| packages.iter().map(move |it| (*it, reason)))
        .filter(|(used, _)| names.contains(used))
        .map(|(used, reason)| format!("{name} declares {used}: {reason}"))
        .collect()
}

/// The names of all packages that a crate is built with, without those of its tests.
fn reachable<'a>(workspace: &'a Metadata, from: &'a Package) -> BTreeSet<&'a str> {
    let nodes = workspace.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: BTreeMap<_, _> = nodes.map(|node| (&node.id, node)).collect();
    let (mut reached, mut open) = (BTreeSet::new(), vec![&from.id]);
    while let Some(node) = open.pop().and_then(|id| nodes.get(id)) {
        let used = node
            .deps
            .iter()
            .filter(|used| used.dep_kinds.iter().any(|it| it.kind != DependencyKind::Development));
        open.extend(used.map(|used| &used.pkg).filter(|id| reached.insert(*id)));
    }
    reached.into_iter().map(|id| workspace[id].name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Metadata {
        read(crate::workspace_root()).unwrap()
    }

    #[test]
    fn workspace_follows_the_table() {
        assert_eq!(violations(&workspace()), [""; 0]);
    }

    #[test]
    fn every_crate_is_below_its_dependencies() {
        for (index, (name, may_use)) in LAYERS.iter().enumerate() {
            let is_above = |used: &&&str| LAYERS[..index].iter().any(|(row, _)| row == *used);
            assert!(may_use.iter().all(|used| is_above(&used)), "{name}");
        }
    }

    /// The server neither enables hyper's client nor lets a feature of another crate do so.
    #[test]
    fn callback_server_has_no_http_client() {
        let workspace = workspace();
        let server = member(&workspace, "oauth-callback-server").unwrap();
        let http = server.dependencies.iter().filter(|used| used.name.starts_with("hyper"));
        let features: Vec<_> = http.flat_map(|used| &used.features).collect();
        assert!(
            features.iter().all(|it| !it.starts_with("client") && *it != "full"),
            "{features:?}"
        );
    }

    #[test]
    fn forbidden_dependency_is_detected() {
        let mut workspace = workspace();
        let used = |workspace: &Metadata, from: &str, name: &str| {
            let all = &member(workspace, from).unwrap().dependencies;
            all.iter().find(|it| it.name == name).unwrap().clone()
        };
        let added =
            [used(&workspace, "login", "token-client"), used(&workspace, "http-client", "reqwest")];
        let pkce = workspace.packages.iter_mut().find(|it| it.name.as_str() == "pkce").unwrap();
        pkce.dependencies.extend(added);
        let expected = ["pkce may not use token-client", "pkce declares reqwest: one HTTP policy"];
        assert_eq!(violations(&workspace), expected);
    }

    #[test]
    fn unused_entry_of_the_layer_table_is_detected() {
        let mut workspace = workspace();
        let package = workspace.packages.iter_mut().find(|it| it.name.as_str() == "http-client");
        package.unwrap().dependencies.retain(|it| it.name != "printable");
        let expected = ["http-client does not use printable: remove it from the table"];
        assert_eq!(violations(&workspace), expected);
    }

    #[test]
    fn indirect_dependencies_are_found_and_dev_dependencies_are_ignored() {
        let workspace = workspace();
        let reaches = |from: &str, to: &str| {
            reachable(&workspace, member(&workspace, from).unwrap()).contains(to)
        };
        assert!(reaches("login", "reqwest"));
        assert!(!reaches("login-cli", "sandbox"));
    }
}
