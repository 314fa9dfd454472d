//! Rows 118, 153, 154, 157, 158 and 162: folders in which nothing can be saved, and one in which it
//! can only be saved in an unusual way.

use std::path::Path;

use super::Outcome;
use super::content::State;
use super::scene::Flow;
use super::shell::{Needs, Shell, Visit};
use crate::progress;
use crate::report::Report;

/// A folder, as a shell prepares it.
struct Place {
    what: &'static str,
    needs: Needs,
    prepare: &'static str,
    /// Which flows find it.
    flows: &'static [Flow],
}

const ALL: &[Flow] = &[Flow::Refresh, Flow::OtherKey, Flow::FirstKey, Flow::Browser];

/// Those that find something stored.
const STORED: &[Flow] = &[Flow::Refresh, Flow::OtherKey, Flow::Browser];

/// Where it has to be said in time: before the browser opens, before a token is spent.
const REFUSING: &[Place] = &[
    Place { what: "a full disk", needs: Needs::Mounts, prepare: r#"disk size=8k"#, flows: ALL },
    Place {
        what: "a disk with no room for one more file",
        needs: Needs::Mounts,
        prepare: r#"disk nr_inodes=4; touch "$CODEX_HOME/auth.lock" "$CODEX_HOME/auth.json.lock""#,
        flows: STORED,
    },
    Place {
        what: "a disk with no room for a lock",
        needs: Needs::Mounts,
        prepare: r#"disk nr_inodes=2; touch "$CODEX_HOME/auth.json""#,
        flows: STORED,
    },
    Place {
        what: "a read-only disk",
        needs: Needs::Mounts,
        prepare: r#"disk size=1m; mount -o remount,ro "$CODEX_HOME""#,
        flows: ALL,
    },
    Place {
        what: "a limit on the size of files",
        needs: Needs::Nothing,
        prepare: r#"run() { (ulimit -f 4; exec "$@"); }"#,
        flows: ALL,
    },
    Place {
        what: "a folder that cannot be written",
        needs: Needs::Modes,
        prepare: r#"chmod 0555 "$CODEX_HOME"; clean_up() { chmod 0700 "$CODEX_HOME"; }"#,
        flows: ALL,
    },
    Place {
        what: "a folder that cannot be searched",
        needs: Needs::Modes,
        prepare: r#"chmod 0000 "$CODEX_HOME"; clean_up() { chmod 0700 "$CODEX_HOME"; }"#,
        flows: ALL,
    },
    Place {
        what: "a folder above it that cannot be written",
        needs: Needs::Modes,
        prepare: r#"chmod 0555 "$CODEX_HOME"; export CODEX_HOME="$CODEX_HOME/not/there"
                    clean_up() { CODEX_HOME=${CODEX_HOME%/not/there}; chmod 0700 "$CODEX_HOME"; }"#,
        flows: &[Flow::FirstKey],
    },
    Place {
        what: "a file in the place of the folder",
        needs: Needs::Nothing,
        prepare: r#"touch "$CODEX_HOME/file"; export CODEX_HOME="$CODEX_HOME/file"
                    clean_up() { CODEX_HOME=${CODEX_HOME%/file}; rm "$CODEX_HOME/file"; }"#,
        flows: &[Flow::FirstKey],
    },
    Place {
        what: "a file that is immutable",
        needs: Needs::Immutability,
        prepare: r#"chattr +i "$CODEX_HOME/auth.json"
                    clean_up() { chattr -i "$CODEX_HOME/auth.json"; }"#,
        flows: STORED,
    },
    Place {
        what: "a folder that is immutable",
        needs: Needs::Immutability,
        prepare: r#"chattr +i "$CODEX_HOME"; clean_up() { chattr -i "$CODEX_HOME"; }"#,
        flows: ALL,
    },
];

/// Where nothing can be renamed over the file.
const MOUNTED: Place = Place {
    what: "a file that is a mount",
    needs: Needs::Mounts,
    prepare: r#"cp "$CODEX_HOME/auth.json" "$BESIDE/mounted"
                mount --bind "$BESIDE/mounted" "$CODEX_HOME/auth.json""#,
    flows: &[Flow::Refresh, Flow::OtherKey],
};

/// What places are prepared with: a disk that is mounted over the folder, with what is in it; and how
/// the program is run, where nothing else is said.
const TOOLS: &str = r#"run() { "$@"; }
disk() {
    mkdir "$BESIDE/seed" && cp -a "$CODEX_HOME/." "$BESIDE/seed/"
    mount -t tmpfs -o "mode=700,$1" none "$CODEX_HOME"
    cp -a "$BESIDE/seed/." "$CODEX_HOME/"
}
"#;

pub(super) fn run(program: &Path, report: &mut Report) -> Outcome<()> {
    progress("full, read-only and unusual places");
    let shell = Shell::look_around();
    for place in REFUSING {
        visit(program, &shell, place, ("refused in time", was_refused), report)?;
    }
    visit(program, &shell, &MOUNTED, ("saved in its place", was_saved), report)
}

/// Counts the flows that end as they should.
fn visit(
    program: &Path,
    shell: &Shell,
    place: &Place,
    (outcome, is_right): (&str, fn(Flow, &Visit) -> bool),
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
        match is_right(*flow, &visit) && !visit.gives_secret_away && visit.leftovers.is_empty() {
            true => right += 1,
            false => wrong.push(format!("{what}: {}: {}", flow.name(), in_words(&visit))),
        }
    }
    report.count(&what, right, place.flows.len());
    wrong.into_iter().for_each(|wrong| report.detail(wrong));
    Ok(())
}

/// Nothing is spent, no address is shown, and the file is what it was.
fn was_refused(_: Flow, visit: &Visit) -> bool {
    let shows_address = visit.ended.stderr.contains("\nhttp");
    let is_untouched = visit.state == State::Old && visit.refreshes == 0;
    visit.ended.code == Some(1) && is_untouched && !shows_address
}

fn was_saved(flow: Flow, visit: &Visit) -> bool {
    let refreshes = usize::from(flow == Flow::Refresh);
    visit.ended.code == Some(0) && visit.state == State::New && visit.refreshes == refreshes
}

fn in_words(visit: &Visit) -> String {
    let Visit { ended, state, leftovers, refreshes, .. } = visit;
    let ended = ended.in_words();
    format!("{ended}; content {state:?}; {refreshes} refreshes; leaves {leftovers:?}")
}
