//! Runs the program in a folder that a shell script prepares, in a mount namespace if it mounts.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::Outcome;
use super::case::{Case, Ended, Flow, Phase};
use super::content::State;
use super::home::leftovers;

/// What a folder needs that not every machine has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// A mount namespace.
    Mounts,
    /// A user for whom file modes count; they do not for root.
    Modes,
    /// `chattr +i`.
    Immutability,
}

/// Drops the privileges of root but not its identity: another user may not reach the program.
const WITHOUT_PRIVILEGES: &str = "setpriv --bounding-set=-all --inh-caps=-all --securebits=+noroot";

/// A mount namespace, with and without root.
const NAMESPACES: [&str; 2] = ["unshare -m", "unshare -Urm"];

/// What this machine can do.
pub(super) struct Shell {
    /// `None` if it is not allowed.
    namespace: Option<&'static str>,
    unprivileged: Option<&'static str>,
    makes_immutable: bool,
}

/// The result of a run.
pub(super) struct FolderRun {
    pub(super) ended: Ended,
    pub(super) state: State,
    pub(super) leftovers: Vec<String>,
    pub(super) refreshes: usize,
    pub(super) shows_secret: bool,
}

impl Shell {
    /// Tries what this machine can do.
    pub(super) fn detect() -> Self {
        let mounts = |it: &&str| succeeds(&format!("{it} sh -c 'mount -t tmpfs none /tmp'"));
        let is_root = succeeds("[ \"$(id -u)\" = 0 ]");
        let drops =
            || succeeds(&format!("{WITHOUT_PRIVILEGES} true")).then_some(WITHOUT_PRIVILEGES);
        Self {
            namespace: NAMESPACES.into_iter().find(mounts),
            unprivileged: if is_root { drops() } else { Some("") },
            makes_immutable: succeeds("f=$(mktemp) && chattr +i $f && chattr -i $f && rm $f"),
        }
    }

    /// What is missing, and how to get it.
    pub(super) fn missing(&self, needs: Needs) -> Option<&'static str> {
        match needs {
            Needs::Mounts if self.namespace.is_none() => {
                Some("needs a mount namespace: run this as root, or allow `unshare -Urm`")
            }
            Needs::Modes if self.unprivileged.is_none() => {
                Some("needs setpriv: apt-get install util-linux")
            }
            Needs::Immutability if !self.makes_immutable => {
                Some("needs `chattr +i`: run this as root, with TMPDIR on ext4, XFS or btrfs")
            }
            _ => None,
        }
    }

    /// Prepares the folder, runs the flow, and reads the folder.
    pub(super) fn visit(
        &self,
        program: &Path,
        flow: Flow,
        needs: Needs,
        prepare: &str,
    ) -> Outcome<FolderRun> {
        let case = Case::set(program, flow, Phase::Start)?;
        let beside = TempDir::new()?;
        let mut command = case.command("sh".as_ref());
        command.arg("-c").arg(format!("{} sh -c \"$SCRIPT\" sh \"$@\"", self.around(needs)));
        command.arg("sh").args(self.inside(needs)).arg(program).args(case.arguments(flow));
        command.env("SCRIPT", format!("{prepare}\n{RUN}")).env("BESIDE", beside.path());
        let mut child = command.spawn()?;
        case.release(flow, &mut child);
        let ended = Ended::wait(child)?;

        let after = beside.path().join("after");
        let content = fs::read(after.join("auth.json")).ok();
        Ok(FolderRun {
            state: case.state_of(content.as_deref()),
            leftovers: leftovers(&after)?,
            refreshes: case.refreshes(),
            shows_secret: case.shows_secret(&ended.stderr),
            ended,
        })
    }

    fn around(&self, needs: Needs) -> &'static str {
        self.namespace.filter(|_| needs == Needs::Mounts).unwrap_or_default()
    }

    fn inside(&self, needs: Needs) -> impl Iterator<Item = &'static str> {
        let words = self.unprivileged.filter(|_| needs == Needs::Modes);
        words.unwrap_or_default().split_whitespace()
    }
}

/// Follows the preparation, which defines `run` and may define `clean_up`. A mount ends with the
/// namespace, so its files are copied.
const RUN: &str = r#"
run "$@"
code=$?
command -v clean_up >/dev/null && clean_up
mkdir "$BESIDE/after" && cp -a "$CODEX_HOME/." "$BESIDE/after/"
exit $code
"#;

fn succeeds(script: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.status().is_ok_and(|status| status.success())
}
