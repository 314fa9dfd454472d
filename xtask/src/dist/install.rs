//! Installs each package that this machine can, and signs in with it against the sandbox.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::archive::Entry;
use super::loopback::Server;
use super::packages::put;
use super::release::Release;
use super::targets::Target;
use super::{Outcome, said};
use crate::demo;

/// Installs and signs in, and lists what was done.
///
/// # Errors
///
/// A package cannot be installed, or a sign-in fails.
pub(super) fn check(
    release: &Release,
    target: &Target,
    packages: &[Entry],
    shared: &[Entry],
) -> Outcome<Vec<String>> {
    let folder = TempDir::new()?;
    let machine = Machine { release, target, packages, shared, folder: folder.path() };
    let anywhere: [(&str, &str, Way<'_>); 4] = [
        ("the archive", "tar", Machine::archive),
        ("the wheel", "pip", Machine::wheel),
        ("the npm package", "npm", Machine::npm),
        ("install.sh", "python3", Machine::script),
    ];
    let by_root: [(&str, &str, Way<'_>); 3] = [
        ("the deb", "dpkg", Machine::deb),
        ("the rpm", "rpm", Machine::rpm),
        ("the Arch package", "pacman", Machine::arch),
    ];
    let mut findings = Vec::new();
    let ways = anywhere.into_iter().map(|way| (way, true));
    let is_root = said(Command::new("id").arg("-u"))? == b"0\n";
    let by_root = by_root.into_iter().filter(|_| machine.package(".deb").is_ok());
    for ((what, tool, install), can) in ways.chain(by_root.map(|way| (way, is_root))) {
        if !can {
            rigs::skipped(&format!("installing {what}: this is not root"));
        } else if lacks(tool) {
            rigs::skipped(&format!("installing {what}: there is no {tool} here"));
        } else {
            let failed = |error| format!("{what}: {error}");
            let program = install(&machine).map_err(failed)?;
            demo::sign_in_with(program, io::sink()).map_err(failed)?;
            findings.push(format!("{what} can be installed, and signs in"));
        }
    }
    findings.extend(machine.check_deb_with_lintian()?);
    findings.extend(machine.without_a_system()?);
    rigs::skipped(
        "the packages of other systems: apk, Homebrew, Scoop, winget, PowerShell, Docker",
    );
    Ok(findings)
}

fn lacks(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_err()
}

/// Installs a package, and returns the path of the program.
type Way<'a> = fn(&Machine<'a>) -> Outcome<PathBuf>;

struct Machine<'a> {
    release: &'a Release,
    target: &'a Target,
    packages: &'a [Entry],
    shared: &'a [Entry],
    folder: &'a Path,
}

impl Machine<'_> {
    fn package(&self, end: &str) -> Outcome<PathBuf> {
        let found = self.packages.iter().find(|file| file.path.ends_with(end));
        let found = found.ok_or_else(|| format!("there is no package …{end}"))?;
        Ok(self.release.dist.join(self.target.triple).join(&found.path))
    }

    fn archive(&self) -> Outcome<PathBuf> {
        let file = fs::File::open(self.package(".tar.gz")?)?;
        tar::Archive::new(GzDecoder::new(file)).unpack(self.folder.join("archive"))?;
        Ok(self
            .folder
            .join("archive")
            .join(self.target.folder(&self.release.version))
            .join("login-cli"))
    }

    fn deb(&self) -> Outcome<PathBuf> {
        let options = ["--log=/dev/null", "--force-architecture", "--install"];
        self.system_package("dpkg", ".deb", &options)
    }

    fn rpm(&self) -> Outcome<PathBuf> {
        self.system_package("rpm", ".rpm", &["--nodeps", "--install"])
    }

    fn arch(&self) -> Outcome<PathBuf> {
        let options = ["--config=/dev/null", "--noconfirm", "--upgrade"];
        self.system_package("pacman", ".pkg.tar.zst", &options)
    }

    /// Into a root of its own, so that the packages of this machine stay as they are.
    fn system_package(&self, tool: &str, end: &str, options: &[&str]) -> Outcome<PathBuf> {
        let root = self.folder.join(tool);
        for folder in ["dpkg/info", "dpkg/parts", "dpkg/triggers", "dpkg/updates", "pacman"] {
            fs::create_dir_all(root.join("var/lib").join(folder))?;
        }
        fs::File::create(root.join("var/lib/dpkg/status"))?;
        let mut manager = Command::new(tool);
        manager.arg(format!("--root={}", root.display())).args(options);
        said(manager.arg(self.package(end)?))?;
        Ok(root.join("usr/bin/login-cli"))
    }

    fn wheel(&self) -> Outcome<PathBuf> {
        let folder = self.folder.join("wheel");
        let mut pip = Command::new("pip");
        pip.args(["install", "--quiet", "--no-index", "--no-deps", "--target"]);
        said(pip.arg(&folder).arg(self.package(".whl")?).env("PIP_ROOT_USER_ACTION", "ignore"))?;
        Ok(folder.join("bin/login-cli"))
    }

    /// From a registry on this machine that has no package but ours.
    fn npm(&self) -> Outcome<PathBuf> {
        let (os, cpu) = self.target.npm;
        let (registry, folder) = (self.folder.join("registry"), self.folder.join("npm"));
        fs::create_dir_all(&folder)?;
        let server = Server::start(&registry)?;
        let platform = format!("{os}-{cpu}-{}.tgz", self.release.version);
        let main = format!("login-cli-{}.tgz", self.release.version);
        let main = self.shared.iter().find(|file| file.path == main).ok_or("no npm package")?;
        let platform = fs::read(self.package(&platform)?)?;
        server.publish("login-cli", &main.bytes, &registry)?;
        server.publish(&format!("@login-cli/{os}-{cpu}"), &platform, &registry)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--registry", &server.address]);
        npm.arg("--cache").arg(self.folder.join("npm-cache")).arg("--prefix").arg(&folder);
        said(npm.arg("login-cli").current_dir(&folder).env("HOME", &folder))?;
        Ok(folder.join("node_modules/.bin/login-cli"))
    }

    fn script(&self) -> Outcome<PathBuf> {
        let site = self.release.dist.join(self.target.triple);
        let server = Server::start(&site)?;
        let script = self.shared.iter().find(|file| file.path == "install.sh");
        let script = script.ok_or("no install.sh")?;
        put(self.folder, script)?;
        let prefix = self.folder.join("prefix");
        // As in `curl … | sh`.
        let mut sh = Command::new("sh");
        sh.args(["-c", "cat \"$0\" | sh"]).arg(self.folder.join("install.sh"));
        sh.env("LOGIN_CLI_PREFIX", &prefix).env("LOGIN_CLI_DOWNLOAD", &server.address);
        said(&mut sh)?;
        self.refuses_another_archive(&server, script)?;
        Ok(prefix.join("bin/login-cli"))
    }

    /// An archive with another checksum is not installed.
    fn refuses_another_archive(&self, server: &Server, script: &Entry) -> Outcome<()> {
        let archive = fs::read(self.package(".tar.gz")?)?;
        let sum = super::shared::checksum(&Entry::file("", archive));
        let text = str::from_utf8(&script.bytes)?.replace(&sum, &"0".repeat(64));
        put(self.folder, &Entry::file("another.sh", text))?;
        let prefix = self.folder.join("refused");
        let mut sh = Command::new("sh");
        sh.arg(self.folder.join("another.sh"));
        sh.env("LOGIN_CLI_PREFIX", &prefix).env("LOGIN_CLI_DOWNLOAD", &server.address);
        if said(&mut sh).is_ok() || prefix.exists() {
            return Err("it installs an archive with another checksum".into());
        }
        Ok(())
    }

    fn check_deb_with_lintian(&self) -> Outcome<Option<String>> {
        let Ok(deb) = self.package(".deb") else { return Ok(None) };
        if lacks("lintian") {
            rigs::skipped("the deb by lintian: there is no lintian here");
            return Ok(None);
        }
        let mut lintian = Command::new("lintian");
        lintian.args(["--allow-root", "--fail-on", "error", "--no-tag-display-limit"]);
        let output = lintian.arg(deb).output()?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(format!("lintian: {}", String::from_utf8_lossy(&said)).into());
        }
        Ok(Some("lintian finds no error in the deb".to_owned()))
    }

    /// As in an image `FROM scratch`: no shell, no home, no certificate authorities.
    fn without_a_system(&self) -> Outcome<Option<String>> {
        let root = self.folder.join("empty");
        fs::create_dir_all(root.join("home"))?;
        fs::copy(self.folder.join("prefix/bin/login-cli"), root.join("login-cli"))?;
        let starts =
            Command::new("chroot").arg(&root).args(["/login-cli", "--version"]).output()?;
        if starts.status.code() == Some(125) {
            rigs::skipped("signing in in an empty folder: this is not root");
            return Ok(None);
        }
        let script = self.folder.join("in-empty-folder");
        let root = root.display();
        let lines = format!(
            "#!/bin/sh\nCODEX_HOME=/home chroot {root} /login-cli \"$@\" || exit\n\
             cp -p {root}/home/auth.json \"$CODEX_HOME\"\n"
        );
        put(self.folder, &Entry::program("in-empty-folder", lines.into_bytes()))?;
        demo::sign_in_with(script, io::sink())
            .map_err(|error| format!("in an empty folder: {error}"))?;
        Ok(Some("it signs in in an empty folder".to_owned()))
    }
}
