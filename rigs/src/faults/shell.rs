//! The program in a place that a shell prepares for it, in a mount namespace of its own where the
//! place is a mount.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::Outcome;
use super::content::State;
use super::home::leftovers;
use super::scene::{Ended, Flow, Phase, Scene};

/// What a place takes that not every machine has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// A mount namespace.
    Mounts,
    /// That modes count, which they do not for root.
    Modes,
    /// Files that nobody can change.
    Immutability,
}

/// What makes the program one for which modes count. Where another user could not even reach the
/// program, root without its privileges can.
const WITHOUT_PRIVILEGES: &str = "setpriv --bounding-set=-all --inh-caps=-all --securebits=+noroot";

/// A mount namespace: as root, or as nobody in particular.
const NAMESPACES: [&str; 2] = ["unshare -m", "unshare -Urm"];

/// How a program is made to run in such places.
pub(super) struct Shell {
    /// None where the machine does not have it.
    namespace: Option<&'static str>,
    unprivileged: Option<&'static str>,
    makes_immutable: bool,
}

/// What became of a run.
pub(super) struct Visit {
    pub(super) ended: Ended,
    pub(super) state: State,
    pub(super) leftovers: Vec<String>,
    pub(super) refreshes: usize,
    pub(super) gives_secret_away: bool,
}

impl Shell {
    /// Finds out what this machine has.
    pub(super) fn look_around() -> Self {
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

    /// What would help, where the machine lacks something.
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

    /// Prepares the folder, runs the flow in it, and takes what is there then.
    pub(super) fn visit(
        &self,
        program: &Path,
        flow: Flow,
        needs: Needs,
        prepare: &str,
    ) -> Outcome<Visit> {
        let scene = Scene::set(program, flow, Phase::Start)?;
        let beside = TempDir::new()?;
        let mut command = scene.command("sh".as_ref());
        command.arg("-c").arg(format!("{} sh -c \"$SCRIPT\" sh \"$@\"", self.around(needs)));
        command.arg("sh").args(self.inside(needs)).arg(program).args(scene.arguments(flow));
        command.env("SCRIPT", format!("{prepare}\n{RUN}")).env("BESIDE", beside.path());
        let mut child = command.spawn()?;
        scene.go_on(flow, &mut child);
        let ended = Ended::wait(child)?;

        let after = beside.path().join("after");
        let content = fs::read(after.join("auth.json")).ok();
        Ok(Visit {
            state: scene.state_of(content.as_deref()),
            leftovers: leftovers(&after)?,
            refreshes: scene.refreshes(),
            gives_secret_away: scene.gives_away(&ended.stderr),
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

/// Below what prepares the folder, which defines `run` and may define `clean_up`. A mount goes away with the namespace,
/// so what is in it is copied first.
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
