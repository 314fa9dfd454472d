//! Rows 118, 153, 154, 157, 158 and 162: folders in which a save fails, and one in which it cannot rename.

use std::path::Path;

use super::Outcome;
use super::case::Flow;
use super::content::State;
use super::shell::{FolderRun, Needs, Shell};
use crate::progress;
use crate::report::Report;

/// A folder that a shell script prepares.
struct Folder {
    what: &'static str,
    needs: Needs,
    prepare: &'static str,
    /// The flows to run in it.
    flows: &'static [Flow],
}

const ALL: &[Flow] = &[Flow::Refresh, Flow::OtherKey, Flow::FirstKey, Flow::Browser];

/// The flows with a stored sign-in.
const STORED: &[Flow] = &[Flow::Refresh, Flow::OtherKey, Flow::Browser];

/// The error has to come before the browser opens, and before a token is spent.
const REFUSING: &[Folder] = &[
    Folder { what: "a full disk", needs: Needs::Mounts, prepare: r#"disk size=8k"#, flows: ALL },
    Folder {
        what: "a disk with no room for one more file",
        needs: Needs::Mounts,
        prepare: r#"disk nr_inodes=4; touch "$CODEX_HOME/auth.lock" "$CODEX_HOME/auth.json.lock""#,
        flows: STORED,
    },
    Folder {
        what: "a disk with no room for a lock",
        needs: Needs::Mounts,
        prepare: r#"disk nr_inodes=2; touch "$CODEX_HOME/auth.json""#,
        flows: STORED,
    },
    Folder {
        what: "a read-only disk",
        needs: Needs::Mounts,
        prepare: r#"disk size=1m; mount -o remount,ro "$CODEX_HOME""#,
        flows: ALL,
    },
    Folder {
        what: "a limit on the size of files",
        needs: Needs::Nothing,
        prepare: r#"run() { (ulimit -f 4; exec "$@"); }"#,
        flows: ALL,
    },
    Folder {
        what: "a folder that cannot be written",
        needs: Needs::Modes,
        prepare: r#"chmod 0555 "$CODEX_HOME"; clean_up() { chmod 0700 "$CODEX_HOME"; }"#,
        flows: ALL,
    },
    Folder {
        what: "a folder that cannot be searched",
        needs: Needs::Modes,
        prepare: r#"chmod 0000 "$CODEX_HOME"; clean_up() { chmod 0700 "$CODEX_HOME"; }"#,
        flows: ALL,
    },
    Folder {
        what: "a folder above it that cannot be written",
        needs: Needs::Modes,
        prepare: r#"chmod 0555 "$CODEX_HOME"; export CODEX_HOME="$CODEX_HOME/not/there"
                    clean_up() { CODEX_HOME=${CODEX_HOME%/not/there}; chmod 0700 "$CODEX_HOME"; }"#,
        flows: &[Flow::FirstKey],
    },
    Folder {
        what: "a file in the place of the folder",
        needs: Needs::Nothing,
        prepare: r#"touch "$CODEX_HOME/file"; export CODEX_HOME="$CODEX_HOME/file"
                    clean_up() { CODEX_HOME=${CODEX_HOME%/file}; rm "$CODEX_HOME/file"; }"#,
        flows: &[Flow::FirstKey],
    },
    Folder {
        what: "a file that is immutable",
        needs: Needs::Immutability,
        prepare: r#"chattr +i "$CODEX_HOME/auth.json"
                    clean_up() { chattr -i "$CODEX_HOME/auth.json"; }"#,
        flows: STORED,
    },
    Folder {
        what: "a folder that is immutable",
        needs: Needs::Immutability,
        prepare: r#"chattr +i "$CODEX_HOME"; clean_up() { chattr -i "$CODEX_HOME"; }"#,
        flows: ALL,
    },
];

/// No file can be renamed to it.
const MOUNTED: Folder = Folder {
    what: "a file that is a mount",
    needs: Needs::Mounts,
    prepare: r#"cp "$CODEX_HOME/auth.json" "$BESIDE/mounted"
                mount --bind "$BESIDE/mounted" "$CODEX_HOME/auth.json""#,
    flows: &[Flow::Refresh, Flow::OtherKey],
};

/// Shell functions: `disk` mounts a disk over the folder and copies its files; `run` runs the program.
const TOOLS: &str = r#"run() { "$@"; }
disk() {
    mkdir "$BESIDE/seed" && cp -a "$CODEX_HOME/." "$BESIDE/seed/"
    mount -t tmpfs -o "mode=700,$1" none "$CODEX_HOME"
    cp -a "$BESIDE/seed/." "$CODEX_HOME/"
}
"#;

pub(super) fn run(program: &Path, report: &mut Report) -> Outcome<()> {
    progress("full, read-only and unusual folders");
    let shell = Shell::detect();
    for place in REFUSING {
        visit(program, &shell, place, ("refused in time", was_refused), report)?;
    }
    visit(program, &shell, &MOUNTED, ("saved in its place", was_saved), report)
}

/// Counts the flows with the expected result.
fn visit(
    program: &Path,
    shell: &Shell,
    place: &Folder,
    (outcome, is_right): (&str, fn(Flow, &FolderRun) -> bool),
    report: &mut Report,
) -> Outcome<()> {
    let what = format!("{}: {outcome}", place.what);
    if let Some(help) = shell.missing(place.needs) {
        report.skipped(&what, help);
        return Ok(());
    }
    let (mut right, mut wrong) = (0, Vec::new());
    for flow in place.flows {
        let prepare = format!("{TOOLS}{}", place.prepare);
        let visit = shell.visit(program, *flow, place.needs, &prepare)?;
        match is_right(*flow, &visit) && !visit.shows_secret && visit.leftovers.is_empty() {
            true => right += 1,
            false => wrong.push(format!("{what}: {}: {}", flow.name(), summary(&visit))),
        }
    }
    report.count(&what, right, place.flows.len());
    wrong.into_iter().for_each(|wrong| report.detail(wrong));
    Ok(())
}

/// No token is spent, no address is shown, and the file is unchanged.
fn was_refused(_: Flow, visit: &FolderRun) -> bool {
    let shows_address = visit.ended.stderr.contains("\nhttp");
    let is_untouched = visit.state == State::Old && visit.refreshes == 0;
    visit.ended.code == Some(1) && is_untouched && !shows_address
}

fn was_saved(flow: Flow, visit: &FolderRun) -> bool {
    let refreshes = usize::from(flow == Flow::Refresh);
    visit.ended.code == Some(0) && visit.state == State::New && visit.refreshes == refreshes
}

fn summary(visit: &FolderRun) -> String {
    let FolderRun { ended, state, leftovers, refreshes, .. } = visit;
    let ended = ended.summary();
    format!("{ended}; content {state:?}; {refreshes} refreshes; leaves {leftovers:?}")
}
