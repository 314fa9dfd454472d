use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::machine_path;
use crate::support::{Start, World};

/// `docker-credential-double`, a script that stores its entries in files and can refuse requests.
pub(super) struct Scripted<'w> {
    world: &'w World,
}

/// `$0` is in the folder of all its files. `expr` extracts one field of the JSON document to get
/// the file name of the entry.
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

    /// Adds the options that select this helper.
    pub(super) fn given(&self, start: Start<'w>) -> Start<'w> {
        given(self.world, start, "double")
    }

    /// From now on, refuses each verb and URL that matches this `grep -E` expression.
    pub(super) fn refuse(&self, expression: &str) {
        crate::support::write(&self.world.path("bin/refuses"), expression);
    }

    /// From now on, hangs after each verb and URL that matches this expression.
    pub(super) fn hang_after(&self, expression: &str) {
        crate::support::write(&self.world.path("bin/hangs"), expression);
    }

    fn files(&self) -> Vec<PathBuf> {
        super::files_below(&self.world.path("bin/entries"))
    }

    /// No entry is stored.
    pub(super) fn is_empty(&self) -> bool {
        self.files().is_empty()
    }

    /// The content of the only entry; `None` without an entry.
    #[track_caller]
    pub(super) fn held(&self) -> Option<String> {
        let files = self.files();
        assert!(files.len() <= 1, "{files:?}");
        let text = fs::read_to_string(files.first()?).unwrap();
        let entry: Value = serde_json::from_str(&text).unwrap();
        Some(entry["Secret"].as_str().unwrap().to_owned())
    }

    /// Writes the only entry.
    pub(super) fn hold(&self, document: &str) {
        let entry = json!({ "ServerURL": "u", "Username": "login-cli", "Secret": document });
        crate::support::write(&self.files()[0], &entry.to_string());
    }
}

/// Adds the options that select the helper of this name.
pub(super) fn given<'w>(world: &World, start: Start<'w>, name: &str) -> Start<'w> {
    let mut path = world.path("bin").into_os_string();
    path.push(":");
    path.push(machine_path());
    start.env("PATH", path).args(["--store".to_owned(), format!("helper:{name}")])
}

/// Another process writes the file. If this process had it open, a child of another test could
/// inherit the descriptor, and executing the file would fail with ETXTBSY.
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
