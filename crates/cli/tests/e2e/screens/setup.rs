use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::support::{Start, TerminalRun, World};

/// A terminal with a width, and a home folder.
pub(super) struct TerminalSetup {
    pub(super) world: World,
    home: TempDir,
    pub(super) columns: u16,
    has_colors: bool,
}

/// Enough rows to prevent scrolling.
const ROWS: u16 = 70;

impl TerminalSetup {
    /// The path of the home folder has a fixed length, so it can be replaced.
    pub(super) fn new(columns: u16, has_colors: bool) -> Self {
        let home = tempfile::Builder::new().prefix("").rand_bytes(4).tempdir_in("/tmp").unwrap();
        assert_eq!(home.path().as_os_str().len(), Self::HOME.len());
        Self { world: World::new(), home, columns, has_colors }
    }

    /// The home folder in the screens.
    pub(super) const HOME: &str = "/home/ada";

    pub(super) fn home(&self) -> &str {
        self.home.path().to_str().unwrap()
    }

    /// Starts a command with only the standard variables of a shell.
    #[track_caller]
    pub(super) fn start_on_terminal<'w>(&self, start: Start<'w>) -> TerminalRun<'w> {
        let start = start.without_env("CODEX_HOME").env("HOME", self.home());
        let start = if self.has_colors { start } else { start.env("NO_COLOR", "1") };
        start.on_terminal(self.columns, ROWS)
    }

    /// Stores a sign-in.
    pub(super) fn has_signed_in(&self) {
        let stored = self.world.signed_in(3600);
        let folder = self.home.path().join(".codex");
        fs::create_dir(&folder).unwrap();
        let file = folder.join("auth.json");
        crate::support::write(&file, &stored.text());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
