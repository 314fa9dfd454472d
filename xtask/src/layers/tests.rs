use std::sync::LazyLock;

use cargo_metadata::DependencyKind;

use super::check::violations;
use super::workspace::{Dependency, Member, Workspace};
use super::{ABSENCES, Absence, LAYERS, Layer};

#[test]
fn the_workspace_keeps_to_the_table() {
    let broken = violations(&real(), LAYERS, ABSENCES);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn a_row_uses_only_rows_above_it() {
    let at = |name: &str| LAYERS.iter().position(|layer| layer.name == name);
    for (row, layer) in LAYERS.iter().enumerate() {
        assert_eq!(at(layer.name), Some(row), "{} has two rows", layer.name);
        for used in layer.may_use {
            assert!(at(used).is_some_and(|above| above < row), "{} uses {used}", layer.name);
        }
    }
}

/// The checker can fail: an arrow that the table does not have is added to the real workspace.
#[test]
fn an_added_arrow_is_caught() {
    for kind in [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development] {
        for (from, to) in [
            ("token-client", "platform-api"),
            ("platform-api", "pkce"),
            ("credentials", "pkce"),
            ("auth-store", "http-client"),
            ("sandbox", "credentials"),
            ("xtask", "login"),
        ] {
            let broken = added(&with(from, to, kind, &[]), LAYERS, &[]);
            assert_eq!(broken, [format!("`{from}` may not use `{to}` ({kind:?} dependency)")]);
        }
    }
}

#[test]
fn tests_may_play_against_the_sandbox_and_nothing_else_may_know_it() {
    let broken = |kind| added(&with("pkce", "sandbox", kind, &[]), LAYERS, &[]).len();
    assert_eq!(broken(DependencyKind::Development), 0);
    assert_eq!(broken(DependencyKind::Normal), 1);
    assert_eq!(broken(DependencyKind::Build), 1);
}

#[test]
fn a_crate_without_a_row_and_a_row_without_a_crate_are_caught() {
    let workspace = real();
    let (_, all_but_the_first) = LAYERS.split_first().unwrap();
    assert_eq!(
        added(&workspace, all_but_the_first, &[]),
        ["`credentials` has no row in the table of layers"]
    );
    let gone = Workspace {
        members: workspace.members.into_iter().filter(|member| member.name != "pkce").collect(),
    };
    assert_eq!(added(&gone, LAYERS, &[]), ["`pkce` has a row, and is no crate of the workspace"]);
}

#[test]
fn a_package_named_by_the_wrong_crate_is_caught() {
    for (from, to) in [("login", "reqwest"), ("login-cli", "rustls"), ("auth-store", "clap")] {
        let broken = added(&with(from, to, DependencyKind::Normal, &[]), LAYERS, ABSENCES);
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with(&format!("`{from}` names `{to}`: ")), "{broken:?}");
        let in_tests = with(from, to, DependencyKind::Development, &[]);
        assert!(added(&in_tests, LAYERS, ABSENCES).is_empty());
    }
}

#[test]
fn a_package_that_is_reached_through_others_is_caught() {
    for (from, to) in [
        ("auth-store", "tokio"),
        ("credentials", "mio"),
        ("oauth-callback-server", "reqwest"),
        ("platform-api", "token-client"),
        ("token-client", "platform-api"),
    ] {
        let mut workspace = real();
        member(&mut workspace, from).reaches.insert(to.to_owned());
        let broken = added(&workspace, LAYERS, ABSENCES);
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with(&format!("`{from}` reaches `{to}`: ")), "{broken:?}");
    }
}

#[test]
fn an_http_client_in_the_callback_server_is_caught() {
    let normal = DependencyKind::Normal;
    let workspace = with("oauth-callback-server", "hyper", normal, &["server", "client"]);
    let broken = added(&workspace, LAYERS, ABSENCES);
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].starts_with("`oauth-callback-server` uses `hyper/client`: "));
}

/// The walk sees through other crates: what is known to be there is found.
#[test]
fn what_a_crate_reaches_is_read_from_cargo() {
    let workspace = real();
    let reaches = |from: &str, to: &str| workspace.member(from).unwrap().reaches.contains(to);
    assert!(reaches("http-client", "hyper"));
    assert!(reaches("login", "reqwest"));
    assert!(reaches("login-cli", "tokio"));
    assert!(!reaches("login-cli", "sandbox"), "a dev-dependency counts as shipped");
}

/// What is broken in the changed workspace beyond what is broken in the real one, which has a test
/// of its own.
fn added(workspace: &Workspace, layers: &[Layer], absences: &[Absence]) -> Vec<String> {
    let before = violations(&real(), LAYERS, ABSENCES);
    let mut after = violations(workspace, layers, absences);
    after.retain(|sentence| !before.contains(sentence));
    after
}

/// Asked once: cargo takes a moment, and the manifests stay what they are.
fn real() -> Workspace {
    static REAL: LazyLock<Workspace> =
        LazyLock::new(|| Workspace::read(crate::workspace_root()).unwrap());
    REAL.clone()
}

/// The real workspace, in which `from` also declares `to`.
fn with(from: &str, to: &str, kind: DependencyKind, features: &[&str]) -> Workspace {
    let mut workspace = real();
    member(&mut workspace, from).dependencies.push(Dependency {
        name: to.to_owned(),
        kind,
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
    });
    workspace
}

fn member<'a>(workspace: &'a mut Workspace, name: &str) -> &'a mut Member {
    workspace.members.iter_mut().find(|member| member.name == name).unwrap()
}
