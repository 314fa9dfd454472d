//! The end-to-end tests of the main commands, with the program for another platform in an emulator: arm64 in
//! QEMU, Windows in Wine.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use tempfile::TempDir;

use crate::program::{cargo, position_independent, standard_library};
use crate::{progress, skipped};

/// Which tests to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Only the sign-in and a refresh by twenty processes; for Windows also a console, logout and profiles
    #[arg(long)]
    short: bool,
}

/// The tests: sign-in, project API key, device code, token, refresh, logout, profiles, Ctrl-C.
const MODULES: [&str; 8] = [
    "login::",
    "create_key::",
    "device_code::",
    "token::",
    "refresh::",
    "logout::",
    "profiles::",
    "signals::",
];

struct Emulator {
    platform: &'static str,
    target: &'static str,
    /// Files that must exist, the emulator first.
    tools: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    program: &'static str,
    /// What else is tested than `MODULES`.
    also: &'static [&'static str],
    short: &'static [&'static str],
    /// The tests that fail there, each with its reason.
    failing: &'static str,
}

const EMULATORS: [Emulator; 2] = [
    Emulator {
        platform: "arm64",
        target: "aarch64-unknown-linux-musl",
        tools: &["/usr/bin/qemu-aarch64", "/usr/bin/aarch64-linux-gnu-gcc"],
        environment: &[
            ("CC_aarch64_unknown_linux_musl", "aarch64-linux-gnu-gcc"),
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "aarch64-linux-gnu-gcc"),
        ],
        program: "login-cli",
        // Tests on a terminal fail in QEMU. The reason is not known.
        also: &[],
        short: &["login::", "one_of_twenty_processes"],
        failing: include_str!("qemu.txt"),
    },
    Emulator {
        platform: "Windows",
        target: "x86_64-pc-windows-gnu",
        tools: &["/usr/lib/wine/wine64", "/usr/bin/x86_64-w64-mingw32-gcc"],
        environment: &[],
        program: "login-cli.exe",
        also: &["sign_in_methods::"],
        short: &[
            "login::",
            "pasted_callback_url_signs_in",
            "pressing_d_shows_a_device_code",
            "ctrl_c_during_paste",
            "one_of_twenty_processes",
            "logout_waits_for_a_refresh",
            "profile_has_its_own_sign_in",
        ],
        failing: include_str!("wine.txt"),
    },
];

/// Runs the tests on each platform.
///
/// # Errors
///
/// The program cannot be built, or a test fails that is on no list.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    for emulator in &EMULATORS {
        if let Some(missing) = emulator.missing()? {
            skipped(&format!("the program for {}: there is no {missing} here", emulator.platform));
            continue;
        }
        progress(&format!("building the program for {}", emulator.platform));
        let folder = TempDir::new()?;
        let script = emulator.prepare(root, folder.path())?;
        progress("");
        let skipped = emulator.failing()?;
        let mut tests = cargo(root);
        tests.args(["test", "--quiet", "--workspace", "--test", "e2e", "--"]);
        match options.short {
            true => tests.args(emulator.short),
            false => tests.args(MODULES).args(emulator.also),
        };
        skipped.iter().for_each(|(test, _)| {
            tests.args(["--skip", test]);
        });
        let status = tests.env("LOGIN_CLI_TEST_PROGRAM", &script).status();
        emulator.stop(folder.path());
        if !status?.success() {
            return Err(format!("a test fails on {}", emulator.platform).into());
        }
        if !options.short {
            writeln!(out, "{}: {} fail there and are left out:", emulator.platform, skipped.len())?;
            skipped.iter().try_for_each(|(test, reason)| writeln!(out, "  {test}: {reason}"))?;
        }
    }
    Ok(())
}

impl Emulator {
    /// The first tool that is not installed.
    fn missing(&self) -> Result<Option<&'static str>, Box<dyn Error>> {
        if let Some(tool) = self.tools.iter().find(|tool| !Path::new(tool).exists()) {
            return Ok(Path::new(tool).file_name().and_then(|name| name.to_str()));
        }
        Ok((!standard_library(self.target)?.exists()).then_some(self.target))
    }

    /// Builds the program, and returns a script that runs it.
    fn prepare(&self, root: &Path, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let mut build = cargo(root);
        build.args(["build", "--quiet", "--package", "login-cli", "--target", self.target]);
        build.arg("--target-dir").arg(root.join("target")).envs(self.environment.iter().copied());
        // As in a release.
        build.env("CARGO_ENCODED_RUSTFLAGS", position_independent(self.target)?.join("\u{1f}"));
        if !build.status()?.success() {
            return Err(format!("login-cli cannot be built for {}", self.target).into());
        }
        let program = folder.join(self.program);
        fs::copy(root.join("target").join(self.target).join("debug").join(self.program), &program)?;
        let emulator = self.tools[0];
        let mut lines = format!("#!/bin/sh\nexec {emulator} {} \"$@\"\n", program.display());
        if self.program.ends_with(".exe") {
            lines = lines.replacen("exec", &format!("{}\nexec", wine(folder)?), 1);
        }
        let script = folder.join("run");
        fs::File::create(&script)?.write_all(lines.as_bytes())?;
        #[cfg(unix)]
        fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        // What Wine starts with its first program must not keep the output of a test open.
        let mut first = Command::new(&script);
        let first = first.arg("--version").stdin(Stdio::null()).stdout(Stdio::null());
        if !first.stderr(Stdio::null()).status()?.success() {
            return Err(format!("the program does not start on {}", self.platform).into());
        }
        Ok(script)
    }

    fn failing(&self) -> Result<Vec<(&'static str, &'static str)>, Box<dyn Error>> {
        let lines = self.failing.lines().filter(|line| !line.is_empty());
        let pairs = lines.map(|line| line.split_once(": ").ok_or_else(|| line.into()));
        pairs.collect()
    }

    /// Ends what the emulator started.
    fn stop(&self, folder: &Path) {
        if self.program.ends_with(".exe") {
            // It may have ended already.
            let _ = Command::new("/usr/lib/wine/wineserver")
                .arg("--kill")
                .env("WINEPREFIX", folder.join("wine"))
                .status();
        }
    }
}

/// Sets up Wine, and returns the lines of the script that configure it.
fn wine(folder: &Path) -> Result<String, Box<dyn Error>> {
    // Wine 8 lacks this library, which every Rust program loads.
    const RANDOM: &str = "#include <windows.h>\n\
        BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);\n\
        __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {\n\
        return SystemFunction036(data, (ULONG)size);\n}\n";
    let source = folder.join("random.c");
    fs::File::create(&source)?.write_all(RANDOM.as_bytes())?;
    let mut compiler = Command::new("/usr/bin/x86_64-w64-mingw32-gcc");
    compiler.arg("-shared").arg("-o").arg(folder.join("bcryptprimitives.dll")).arg(source);
    if !compiler.arg("-ladvapi32").status()?.success() {
        return Err("bcryptprimitives.dll cannot be built".into());
    }
    let prefix = folder.join("wine");
    // A server that a test started would keep its output open.
    let mut server = Command::new("/usr/lib/wine/wineserver");
    server.arg("--persistent").env("WINEPREFIX", &prefix).stdin(Stdio::null());
    fs::create_dir(&prefix)?;
    server.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(format!(
        "export WINEPREFIX={} WINEDEBUG=-all CODEX_HOME=\"Z:$CODEX_HOME\"\n\
         export SSL_CERT_FILE=\"${{SSL_CERT_FILE-Z:/etc/ssl/certs/ca-certificates.crt}}\"",
        prefix.display()
    ))
}
