//! Folders of credentials in which no save is possible: full, read-only, immutable.

use std::ffi::OsString;
use std::fs;
use std::process::{Command, Stdio};

use sandbox::Endpoint;

use crate::support::{Finished, Start, World, report_skipped, without_root_privileges};

const KEY: &str = "sk-unusable-folders-0123456789abcdef";

/// A folder that a shell script prepares.
struct Folder {
    name: &'static str,
    needs: Needs,
    prepare: &'static str,
    /// Whether a sign-in is stored in it.
    has_sign_in: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// A mount namespace.
    Mounts,
    /// A user for whom file modes count; they do not for root.
    Modes,
    /// `chattr +i`.
    Immutability,
}

const FOLDERS: [Folder; 12] = [
    Folder {
        name: "a full disk",
        needs: Needs::Mounts,
        prepare: "disk size=8k",
        has_sign_in: true,
    },
    Folder {
        name: "a full disk without a sign-in",
        needs: Needs::Mounts,
        prepare: "disk size=4k; head -c 4k /dev/zero > \"$CODEX_HOME/other\"",
        has_sign_in: false,
    },
    Folder {
        name: "a disk with no room for one more file",
        needs: Needs::Mounts,
        prepare: "disk nr_inodes=4; touch \"$CODEX_HOME/auth.lock\" \"$CODEX_HOME/auth.json.lock\"",
        has_sign_in: true,
    },
    Folder {
        name: "a disk with no room for a lock file",
        needs: Needs::Mounts,
        prepare: "disk nr_inodes=2",
        has_sign_in: true,
    },
    Folder {
        name: "a read-only disk",
        needs: Needs::Mounts,
        prepare: "disk size=1m; mount -o remount,ro \"$CODEX_HOME\"",
        has_sign_in: true,
    },
    Folder {
        name: "a folder that cannot be written",
        needs: Needs::Modes,
        prepare: "chmod 0555 \"$CODEX_HOME\"",
        has_sign_in: true,
    },
    Folder {
        name: "an empty folder that cannot be written",
        needs: Needs::Modes,
        prepare: "chmod 0555 \"$CODEX_HOME\"",
        has_sign_in: false,
    },
    Folder {
        name: "a folder that cannot be searched",
        needs: Needs::Modes,
        prepare: "chmod 0000 \"$CODEX_HOME\"",
        has_sign_in: true,
    },
    Folder {
        name: "a folder below one that cannot be written",
        needs: Needs::Modes,
        prepare: "chmod 0555 \"$CODEX_HOME\"; export CODEX_HOME=\"$CODEX_HOME/not/there\"",
        has_sign_in: false,
    },
    Folder {
        name: "a file in the place of the folder",
        needs: Needs::Nothing,
        prepare: "touch \"$CODEX_HOME/file\"; export CODEX_HOME=\"$CODEX_HOME/file\"",
        has_sign_in: false,
    },
    Folder {
        name: "an immutable file",
        needs: Needs::Immutability,
        prepare: "chattr +i \"$CODEX_HOME/auth.json\"",
        has_sign_in: true,
    },
    Folder {
        name: "an immutable folder",
        needs: Needs::Immutability,
        prepare: "chattr +i \"$CODEX_HOME\"",
        has_sign_in: true,
    },
];

/// Prepares the folder, runs the program, and compares the folder with what it was. The program keeps its
/// empty `PATH`.
const SCRIPT: &str = r#"
empty=$PATH; PATH=/usr/sbin:/usr/bin:/sbin:/bin
folder=$CODEX_HOME
disk() {
    cp -a "$folder" "$folder.seed"
    mount -t tmpfs -o "mode=700,$1" none "$folder"
    cp -a "$folder.seed/." "$folder/"
}
content() { cat "$folder/auth.json"; ls -A "$folder" | grep -v '\.lock$'; }
set -e; eval "$PREPARE"; set +e
before=$(content 2>&1)
PATH=$empty; "$@"; code=$?; PATH=/usr/sbin:/usr/bin:/sbin:/bin
after=$(content 2>&1)
chattr -i "$folder" "$folder/auth.json" 2>/dev/null
chmod 0700 "$folder" 2>/dev/null
[ "$before" = "$after" ] || echo "the folder has changed"
exit $code
"#;

impl Folder {
    /// The command that runs the program in this folder; `None`, with a report, if this machine cannot.
    fn wrapper(&self) -> Option<Vec<OsString>> {
        let shell = ["/bin/sh", "-c", SCRIPT, "sh"];
        let words = match self.needs {
            Needs::Nothing => shell.to_vec(),
            Needs::Mounts => {
                let namespace = ["/usr/bin/unshare", "-m"];
                self.probe(&namespace, "mount -t tmpfs none /tmp", "a mount namespace")?;
                [&namespace[..], &shell].concat()
            }
            Needs::Modes => [&shell[..], without_root_privileges(self.name)?].concat(),
            Needs::Immutability => {
                let script = "f=$(mktemp) && chattr +i $f && chattr -i $f && rm $f";
                self.probe(&[], script, "`chattr +i`")?;
                shell.to_vec()
            }
        };
        Some(words.into_iter().map(OsString::from).collect())
    }

    fn probe(&self, under: &[&str], script: &str, tool: &str) -> Option<()> {
        let line = [under, &["/bin/sh", "-c", script]].concat();
        let mut probe = Command::new(line[0]);
        let status = probe.args(&line[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) {
            return Some(());
        }
        report_skipped(&format!("{}: needs {tool}", self.name));
        None
    }

    /// A refresh, a sign-in with a key, and a browser sign-in fail before they use or show anything.
    fn assert_refuses_each_command(&self) {
        let Some(wrapper) = self.wrapper() else { return };
        let with_key: fn(&World) -> Start<'_> =
            |world| world.command("login").arg("--with-api-key").with_stdin(KEY);
        let refresh: fn(&World) -> Start<'_> = |world| world.command("refresh");
        let browser: fn(&World) -> Start<'_> = |world| world.login();
        let commands = [refresh, with_key, browser];
        for command in &commands[usize::from(!self.has_sign_in)..] {
            let world = World::new();
            world.register_secret(KEY);
            fs::create_dir_all(world.codex_home()).unwrap();
            if self.has_sign_in {
                world.signed_in(-60);
            }
            let start = command(&world).env("PREPARE", self.prepare);
            self.assert_refused(&world, &start.under(wrapper.iter().cloned()).run());
        }
    }

    #[track_caller]
    fn assert_refused(&self, world: &World, finished: &Finished) {
        let Finished { code, stdout, stderr, .. } = finished;
        let seen = format!("{}: exit code {code}\n{stdout}\n{stderr}", self.name);
        assert!(*code == 1 && stderr.contains("error: "), "{seen}");
        assert!(stdout.is_empty() && !stderr.contains("/oauth/authorize"), "{seen}");
        assert_eq!(world.count(&Endpoint::TokenRefresh), 0, "{seen}");
    }
}

// threats 118 153 154 157 158
#[test]
fn unusable_folder_is_found_before_anything_is_used() {
    FOLDERS.iter().for_each(Folder::assert_refuses_each_command);
}
