//! Each rule finds what it forbids.

use super::faults::{front_page_faults, manifest_faults, misplaced_threats};
use super::{RULES, Scope, file};

#[test]
fn rule_applies_to_code_and_not_to_comments() {
    for rule in RULES {
        for word in rule.words {
            let found = |line: String| rule.broken_by(&[file(rule.scope.a_path(), &line)]).len();
            assert_eq!(found(format!("{word}\n")), 1, "{word}");
            assert_eq!(found(format!("// {word}\n")), 0, "{word}");
        }
    }
}

#[test]
fn library_rule_ignores_tests_and_the_program() {
    let text = "std::env::temp_dir()";
    let broken = |path, text: &str| RULES[3].broken_by(&[file(path, text)]);
    assert_eq!(
        broken("crates/login/src/a.rs", text),
        [format!("crates/login/src/a.rs:1: `std::env`: {}", RULES[3].reason)]
    );
    assert!(broken("crates/login/tests/a.rs", text).is_empty());
    assert!(broken("crates/login/src/a.rs", &format!("mod tests {{\n{text}\n}}")).is_empty());
    assert!(broken("crates/cli/src/a.rs", text).is_empty());
}

#[test]
fn credential_helper_can_start_a_program_and_follows_other_rules() {
    let broken = |text: &str| -> usize {
        let source = file("crates/credential-helper/src/a.rs", text);
        RULES.iter().map(|rule| rule.broken_by(std::slice::from_ref(&source)).len()).sum()
    };
    assert_eq!(broken("std::process::Command::new(path)"), 0);
    assert_eq!(broken("std::env::var_os(\"PATH\")"), 1);
    assert_eq!(broken("std::io::stderr()"), 1);
}

#[test]
fn terminal_ui_can_use_the_terminal_and_follows_other_rules() {
    let broken = |text: &str| -> usize {
        let source = file("crates/terminal-ui/src/a.rs", text);
        RULES.iter().map(|rule| rule.broken_by(std::slice::from_ref(&source)).len()).sum()
    };
    assert_eq!(broken("std::io::stderr()"), 0);
    assert_eq!(broken("std::env::var_os(\"TERM\")"), 1);
    assert_eq!(broken("std::process::Command::new(path)"), 1);
}

#[test]
fn manifest_that_does_not_inherit_is_detected() {
    let good = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
                rust-version.workspace = true\nlicense.workspace = true\n\
                publish.workspace = true\n\n[dependencies]\n# Why.\nurl.workspace = true\n\
                tokio = { workspace = true, features = [\"fs\"] }\n\n[lints]\nworkspace = true\n";
    let faults = |text: &str| manifest_faults(&file("crates/a/Cargo.toml", text)).len();
    assert_eq!(faults(good), 0);
    assert_eq!(faults(&good.replace("[lints]\nworkspace = true\n", "")), 1);
    assert_eq!(faults(&good.replace("version.workspace = true\ne", "version = \"2\"\ne")), 1);
    assert_eq!(faults(&good.replace("url.workspace = true", "url = \"2\"")), 1);
    for section in ["[dev-dependencies]", "[target.'cfg(unix)'.build-dependencies]"] {
        assert_eq!(faults(&format!("{good}{section}\nurl = {{ version = \"2\" }}\n")), 1);
    }
    assert_eq!(faults(&format!("{good}[dependencies.serde]\nworkspace = true\n")), 1);
}

#[test]
fn front_page_with_logic_or_without_example_is_detected() {
    let good = "//! Why.\n#![doc = include_str!(\"../examples/a.rs\")]\n\nmod a;\npub use a::{\n    \
                A,\n    B,\n};\n";
    let faults = |text: &str| front_page_faults(&file("crates/a/src/lib.rs", text)).len();
    assert_eq!(faults(good), 0);
    assert_eq!(faults("//! Why.\nmod a;\n"), 1);
    for logic in ["fn f() {}", "pub struct A;", "const A: u8 = 1;", "impl A {}"] {
        assert_eq!(faults(&format!("{good}{logic}\n")), 1, "{logic}");
    }
}

#[test]
fn threats_comment_without_a_test_is_detected() {
    let faults = |text: &str| misplaced_threats(&file("crates/a/src/a.rs", text)).len();
    assert_eq!(faults("// threats 1\n#[test]\nfn a() {}\n"), 0);
    assert_eq!(faults("// threats 1 2\n// Why.\n#[cfg(unix)]\n#[tokio::test]\nasync fn"), 0);
    assert_eq!(faults("// threats 1\n#[track_caller]\nfn assert_a() {}\n"), 0);
    assert_eq!(faults("// threats 1\nfn a() {}\n"), 1);
    assert_eq!(faults("// threats one\n#[test]\nfn a() {}\n"), 1);
}

impl Scope {
    /// A file that it covers.
    fn a_path(self) -> &'static str {
        match self {
            Self::Attributes => "crates/sandbox/src/a.rs",
            Self::Tests => "crates/pkce/tests/a.rs",
            Self::Libraries | Self::NoTerminal | Self::StartNothing => "crates/login/src/a.rs",
            Self::Offline => "crates/auth-store/src/a.rs",
            Self::Neutral => "crates/token-client/src/a.rs",
        }
    }
}
