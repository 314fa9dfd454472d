//! Stores a secret with a helper, and reads it back.

use credential_helper::{Credential, Error, Helper};

const URL: &str = "https://auth.example.com";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    install_demo(&folder.path().join("docker-credential-demo"))?;

    // A program passes the folders of its `PATH` here.
    let helper = Helper::new("demo", [folder.path().to_owned()])?;
    let credential =
        Credential { username: "ada".to_owned(), secret: "correct horse".to_owned().into() };
    match helper.store(URL, &credential) {
        // Here: on a system without the shell that the demonstration is written for.
        Err(Error::NotInstalled { .. }) => return Ok(()),
        stored => stored?,
    }
    let found = helper.get(URL)?.ok_or("nothing is stored")?;
    assert_eq!((found.username.as_str(), found.secret.as_str()), ("ada", "correct horse"));

    helper.erase(URL)?;
    assert!(helper.get(URL)?.is_none());
    Ok(())
}

/// A helper such as anybody can write; this one keeps one entry, in a file beside itself.
#[cfg(unix)]
const DEMO: &str = "#!/bin/sh
case $1 in
store) cat >\"$0.entry\" ;;
get) cat \"$0.entry\" 2>&- || { echo 'credentials not found in native keychain'; exit 1; } ;;
erase) rm -f \"$0.entry\" ;;
esac
";

#[cfg(unix)]
fn install_demo(path: &std::path::Path) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut create = std::fs::OpenOptions::new();
    create.write(true).create_new(true).mode(0o700).open(path)?.write_all(DEMO.as_bytes())
}

#[cfg(not(unix))]
fn install_demo(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}
