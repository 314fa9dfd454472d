//! The crates in layers: which may use which, and what must stay away from what.
//!
//! The table is the documentation; `cargo xtask layers` prints it. A test holds every manifest of
//! the workspace against it, so that a new arrow is a decision that a reviewer sees here.
//!
//! Normal and build dependencies follow the table. Dev-dependencies may add the sandbox, which the
//! tests play against. One invariant of the same kind is held elsewhere, because no manifest shows
//! it: that only the cli reads the environment, by `disallowed-methods` in `clippy.toml`.

mod check;
mod workspace;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use check::violations;
use workspace::Workspace;

/// One crate of the workspace: the question it answers, and the crates of ours it may use.
struct Layer {
    name: &'static str,
    answers: &'static str,
    may_use: &'static [&'static str],
}

/// Lowest first: a crate uses only what stands above its row.
const LAYERS: &[Layer] = &[
    Layer {
        name: "credentials",
        answers: "the secrets of this domain as types, and a JWT's claims; no I/O",
        may_use: &[],
    },
    Layer { name: "pkce", answers: "RFC 7636: verifier and S256 challenge", may_use: &[] },
    Layer {
        name: "printable",
        answers: "text from outside, made fit for a terminal, a log or a page",
        may_use: &[],
    },
    Layer {
        name: "terminal-ui",
        answers: "what a person sees and types: status line, hints, a hidden line, a choice, a QR code",
        may_use: &["printable"],
    },
    Layer {
        name: "credential-helper",
        answers: "the docker-credential-helpers protocol: one program, one verb, one deadline",
        may_use: &["printable"],
    },
    Layer {
        name: "http-client",
        answers: "one HTTP policy for all: TLS roots, proxy, deadlines, size caps, no redirects",
        may_use: &["printable"],
    },
    Layer {
        name: "oauth-callback-server",
        answers: "the loopback end of RFC 8252: bind, wait for one callback, answer the browser",
        may_use: &["credentials", "printable"],
    },
    Layer {
        name: "token-source",
        answers: "one valid access token for any number of processes: the refresh; no I/O, no clock",
        may_use: &["credentials"],
    },
    Layer {
        name: "token-client",
        answers: "the token endpoint: code, refresh, token exchange, revocation, device code",
        may_use: &["credentials", "pkce", "http-client"],
    },
    Layer {
        name: "platform-api",
        answers: "organizations, projects, API keys, and the onboarding session they need",
        may_use: &["credentials", "http-client"],
    },
    Layer {
        name: "auth-store",
        answers: "auth.json: one format, one safe write, in a file or a vault",
        may_use: &["credentials", "credential-helper", "token-source"],
    },
    Layer {
        name: "login",
        answers: "the two stories, from the URL to the stored credentials, and the browser pages",
        may_use: &[
            "credentials",
            "pkce",
            "printable",
            "http-client",
            "oauth-callback-server",
            "token-source",
            "token-client",
            "platform-api",
            "auth-store",
        ],
    },
    Layer {
        name: "diagnostics",
        answers: "what is in the way of a sign-in on this machine, as values",
        may_use: &["http-client", "oauth-callback-server", "auth-store"],
    },
    Layer {
        name: "login-cli",
        answers: "flags in, text and exit code out; thin, wiring only",
        may_use: &[
            "credentials",
            "pkce",
            "printable",
            "http-client",
            "oauth-callback-server",
            "token-client",
            "platform-api",
            "auth-store",
            "credential-helper",
            "terminal-ui",
            "login",
            "diagnostics",
        ],
    },
    Layer {
        name: "sandbox",
        answers: "a local issuer and platform; shares no code with what it judges",
        may_use: &[],
    },
    Layer {
        name: "xtask",
        answers: "the tasks of this repository, and its rules as tests; it runs the program, and writes its manual",
        may_use: &["sandbox", "login-cli"],
    },
];

/// The one crate that a dev-dependency may add to a row of the table.
const TEST_PARTNER: &str = "sandbox";

/// Something that must not be there, and why.
struct Absence {
    rule: Rule,
    reason: &'static str,
}

enum Rule {
    /// Of our crates, only these declare one of the packages, in their code that is not a test.
    OnlyNamedBy { members: &'static [&'static str], packages: &'static [&'static str] },
    /// The crate reaches none of the packages, through however many others.
    NotReached { from: &'static str, packages: &'static [&'static str] },
    /// The crate asks for none of these features of a package that it does use.
    FeaturesOff { member: &'static str, package: &'static str, features: &'static [&'static str] },
}

/// Crates that open sockets, or bring one that does.
const NETWORK: &[&str] = &[
    "async-std",
    "curl",
    "h2",
    "http-client",
    "hyper",
    "hyper-util",
    "mio",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "ureq",
];

const ABSENCES: &[Absence] = &[
    Absence {
        rule: Rule::OnlyNamedBy {
            members: &["http-client"],
            packages: &["curl", "reqwest", "ureq"],
        },
        reason: "one HTTP policy: a second client would have other roots, deadlines and redirects",
    },
    Absence {
        rule: Rule::OnlyNamedBy {
            members: &["http-client", "sandbox"],
            packages: &["rustls", "tokio-rustls"],
        },
        reason: "TLS is set up in one place; the sandbox has a server of its own, to judge it by",
    },
    Absence {
        rule: Rule::NotReached {
            from: "oauth-callback-server",
            packages: &["curl", "http-client", "pkce", "reqwest", "rustls", "ureq"],
        },
        reason: "whoever holds the redirect end must not be able to redeem the code it receives",
    },
    Absence {
        rule: Rule::FeaturesOff {
            member: "oauth-callback-server",
            package: "hyper",
            features: &["client", "full"],
        },
        reason: "the callback server serves; hyper would be its HTTP client otherwise",
    },
    Absence {
        rule: Rule::FeaturesOff {
            member: "oauth-callback-server",
            package: "hyper-util",
            features: &["client", "client-legacy", "client-pool", "client-proxy", "full"],
        },
        reason: "the callback server serves; hyper-util would be its HTTP client otherwise",
    },
    Absence {
        rule: Rule::NotReached { from: "auth-store", packages: NETWORK },
        reason: "the store cannot reach the network, so that what it reads cannot leave by it",
    },
    Absence {
        rule: Rule::NotReached { from: "credentials", packages: NETWORK },
        reason: "the secrets are types without I/O",
    },
    Absence {
        rule: Rule::NotReached { from: "token-source", packages: NETWORK },
        reason: "the refresh has its store, endpoint and clock from outside, so that it can be simulated",
    },
    Absence {
        rule: Rule::NotReached { from: "pkce", packages: NETWORK },
        reason: "a verifier is made and hashed here; who sends it is somebody else",
    },
    Absence {
        rule: Rule::NotReached { from: "token-client", packages: &["platform-api"] },
        reason: "the issuer and the platform are two services; `login` alone tells their story",
    },
    Absence {
        rule: Rule::NotReached { from: "platform-api", packages: &["token-client"] },
        reason: "the issuer and the platform are two services; `login` alone tells their story",
    },
    Absence {
        rule: Rule::OnlyNamedBy {
            members: &["login-cli", "sandbox", "xtask"],
            packages: &["clap", "etcetera", "tracing-subscriber"],
        },
        reason: "a library takes values and returns values; the command line belongs to the program",
    },
    Absence {
        rule: Rule::OnlyNamedBy {
            members: &["login-cli", "sandbox", "terminal-ui", "xtask"],
            packages: &["anstream", "anstyle"],
        },
        reason: "a library takes values and returns values; the terminal belongs to the program",
    },
    Absence {
        rule: Rule::OnlyNamedBy {
            members: &["terminal-ui"],
            packages: &["console", "crossterm", "dialoguer", "indicatif", "qrcode"],
        },
        reason: "one place draws on the terminal, so that nothing is drawn into its status line",
    },
    Absence {
        rule: Rule::NotReached {
            from: "terminal-ui",
            packages: &["login", "reqwest", "supports-hyperlinks"],
        },
        reason: "what a terminal can do is a value; the cli alone reads the environment",
    },
    Absence {
        rule: Rule::OnlyNamedBy { members: &["login"], packages: &["webbrowser"] },
        reason: "one place opens a browser, after the URL is printed",
    },
];

/// Prints the table, and fails when the workspace does not keep to it.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    print(out)?;
    let broken = violations(&Workspace::read(root)?, LAYERS, ABSENCES);
    if broken.is_empty() {
        writeln!(out, "\nEvery crate keeps to it.")?;
        return Ok(());
    }
    Err(broken.join("\n").into())
}

fn print(out: &mut impl Write) -> std::io::Result<()> {
    for layer in LAYERS {
        let may_use = match layer.may_use {
            [] => "nothing of ours".to_owned(),
            some => some.join(", "),
        };
        writeln!(out, "{:<22} {}", layer.name, layer.answers)?;
        writeln!(out, "{:<22}   uses {may_use}", "")?;
    }
    writeln!(out, "\nAbsent:")?;
    for absence in ABSENCES {
        writeln!(out, "- {}\n  {}", absence.rule.sentence(), absence.reason)?;
    }
    Ok(())
}

impl Rule {
    fn sentence(&self) -> String {
        match self {
            Self::OnlyNamedBy { members, packages } => {
                format!("{}: named by {} only", packages.join(", "), members.join(", "))
            }
            Self::NotReached { from, packages } => {
                format!("{from} reaches none of {}", packages.join(", "))
            }
            Self::FeaturesOff { member, package, features } => {
                format!("{member} asks {package} for none of {}", features.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
