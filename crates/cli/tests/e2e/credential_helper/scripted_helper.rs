use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::machine_path;
use crate::support::{Start, World};

/// `docker-credential-double`, a script that keeps its entries in files. It refuses what it is told
/// to refuse.
pub(super) struct Scripted<'w> {
    world: &'w World,
}

/// `$0` stands in the folder of all that it needs. The argument of `expr` is one part of a JSON
/// document, so that the file of an entry has the entry's name.
const DOUBLE: &str = r#"here=${0%/*}
in=$(cat)
case $1 in
store) url=$(printf %s "$in" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/') ;;
*) url=$in ;;
esac
file=$here/entries/$(printf %s "$url" | tr -c 'A-Za-z0-9' _)
if [ -e "$here/refuses" ] && printf %s "$1 $url" | grep -Eq -f "$here/refuses"
then echo 'the double is locked'; exit 1
fi
case $1 in
store) printf %s "$in" >"$file" ;;
get) cat "$file" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
erase) rm -f "$file" ;;
esac
if [ -e "$here/hangs" ] && printf %s "$1 $url" | grep -Eq -f "$here/hangs"
then exec sleep 1000
fi"#;

impl<'w> Scripted<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        fs::create_dir(world.path("bin/entries")).unwrap();
        write_helper(world, "double", DOUBLE);
        Self { world }
    }

    /// A run that keeps its credentials there.
    pub(super) fn given(&self, start: Start<'w>) -> Start<'w> {
        given(self.world, start, "double")
    }

    /// Refuses from now on every verb and URL that this expression (`grep -E`) finds.
    pub(super) fn refuse(&self, expression: &str) {
        crate::support::write(&self.world.path("bin/refuses"), expression);
    }

    /// Hangs from now on after every verb and URL that this expression finds, which it has done by then.
    pub(super) fn hang_after(&self, expression: &str) {
        crate::support::write(&self.world.path("bin/hangs"), expression);
    }

    fn files(&self) -> Vec<PathBuf> {
        super::files_below(&self.world.path("bin/entries"))
    }

    /// Nothing is held, or any more.
    pub(super) fn is_empty(&self) -> bool {
        self.files().is_empty()
    }

    /// What the only entry holds; none when there is no entry.
    #[track_caller]
    pub(super) fn held(&self) -> Option<String> {
        let files = self.files();
        assert!(files.len() <= 1, "{files:?}");
        let text = fs::read_to_string(files.first()?).unwrap();
        let entry: Value = serde_json::from_str(&text).unwrap();
        Some(entry["Secret"].as_str().unwrap().to_owned())
    }

    /// Puts this into the only entry.
    pub(super) fn hold(&self, document: &str) {
        let entry = json!({ "ServerURL": "u", "Username": "login-cli", "Secret": document });
        crate::support::write(&self.files()[0], &entry.to_string());
    }
}

/// A run that keeps its credentials in the helper of this name, which the world has.
pub(super) fn given<'w>(world: &World, start: Start<'w>, name: &str) -> Start<'w> {
    let mut path = world.path("bin").into_os_string();
    path.push(":");
    path.push(machine_path());
    start.env("PATH", path).args(["--store".to_owned(), format!("helper:{name}")])
}

/// Another process writes it: while this one has it open, a program that another test starts inherits
/// that for a moment, and the system runs no file that is being written.
pub(super) fn write_helper(world: &World, name: &str, body: &str) {
    let path = world.path("bin").join(format!("docker-credential-{name}"));
    write_program(&path, body);
}

fn write_program(path: &Path, body: &str) {
    let write = "cat >\"$1\" && chmod 700 \"$1\"";
    let mut shell = Command::new("/bin/sh");
    let shell = shell.args(["-c", write, "sh"]).arg(path).stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    write!(shell.stdin.take().unwrap(), "#!/bin/sh\n{body}\n").unwrap();
    assert!(shell.wait().unwrap().success());
}
