//! The targets of a release, and what the package formats call them.

use rigs::program::{rustc, standard_library};

use super::{Outcome, said};

/// A target.
#[derive(Debug)]
pub(super) struct Target {
    /// Rust's name.
    pub(super) triple: &'static str,
    /// The platform tag of a wheel.
    pub(super) wheel: &'static str,
    /// `process.platform` and `process.arch` of Node.
    pub(super) npm: (&'static str, &'static str),
    /// The architecture of nfpm, on Linux.
    pub(super) nfpm: Option<&'static str>,
}

const fn target(
    triple: &'static str,
    wheel: &'static str,
    npm: (&'static str, &'static str),
    nfpm: Option<&'static str>,
) -> Target {
    Target { triple, wheel, npm, nfpm }
}

pub(super) const TARGETS: [Target; 6] = [
    target(
        "x86_64-unknown-linux-musl",
        "manylinux_2_17_x86_64.musllinux_1_1_x86_64",
        ("linux", "x64"),
        Some("amd64"),
    ),
    target(
        "aarch64-unknown-linux-musl",
        "manylinux_2_17_aarch64.musllinux_1_1_aarch64",
        ("linux", "arm64"),
        Some("arm64"),
    ),
    target("x86_64-apple-darwin", "macosx_10_12_x86_64", ("darwin", "x64"), None),
    target("aarch64-apple-darwin", "macosx_11_0_arm64", ("darwin", "arm64"), None),
    target("x86_64-pc-windows-msvc", "win_amd64", ("win32", "x64"), None),
    target("aarch64-pc-windows-msvc", "win_arm64", ("win32", "arm64"), None),
];

impl Target {
    pub(super) fn find(triple: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.triple == triple)
    }

    pub(super) fn is_windows(&self) -> bool {
        self.npm.0 == "win32"
    }

    /// The file name of the program.
    pub(super) fn program(&self) -> &'static str {
        if self.is_windows() { "login-cli.exe" } else { "login-cli" }
    }

    /// The target of this compiler; on Linux the static one.
    ///
    /// # Errors
    ///
    /// The compiler cannot be started, or a release has no such target.
    pub(super) fn host() -> Outcome<&'static Self> {
        let version = String::from_utf8(said(rustc().arg("-vV"))?)?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.unwrap_or_default().replace("-linux-gnu", "-linux-musl");
        Self::find(&host).ok_or_else(|| format!("a release has no archive for {host}").into())
    }

    /// Whether the standard library for it is installed.
    ///
    /// # Errors
    ///
    /// The compiler cannot be started.
    pub(super) fn is_installed(&self) -> Outcome<bool> {
        Ok(standard_library(self.triple)?.exists())
    }

    /// Whether this machine can start its programs.
    ///
    /// # Errors
    ///
    /// The compiler cannot be started.
    pub(super) fn runs_here(&self) -> Outcome<bool> {
        Ok(Self::host()?.triple == self.triple)
    }

    /// The name of an archive's folder.
    pub(super) fn folder(&self, version: &str) -> String {
        format!("login-cli-{version}-{}", self.triple)
    }

    /// The file name of the archive.
    pub(super) fn archive(&self, version: &str) -> String {
        let extension = if self.is_windows() { "zip" } else { "tar.gz" };
        format!("{}.{extension}", self.folder(version))
    }

    /// The names of all files that are made for it, with all tools.
    pub(super) fn files(&self, version: &str) -> Vec<String> {
        let (os, cpu) = self.npm;
        let mut names = vec![
            self.archive(version),
            format!("{}.cdx.json", self.folder(version)),
            format!("login_cli-{version}-py3-none-{}.whl", self.wheel),
            format!("login-cli-{os}-{cpu}-{version}.tgz"),
        ];
        if let Some(debian) = self.nfpm {
            let others = self.triple.split('-').next().unwrap_or_default();
            names.extend([
                format!("login-cli_{version}_{debian}.deb"),
                format!("login-cli-{version}-1.{others}.rpm"),
                format!("login-cli_{version}_{others}.apk"),
                format!("login-cli-{version}-1-{others}.pkg.tar.zst"),
            ]);
        }
        names
    }
}
