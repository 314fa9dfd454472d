use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use url::Url;

use super::{TEST_TIMEOUT, World, write};

/// A browser that tells the test with what it was opened. It tells through a named pipe, so that the
/// test can wait for it.
pub(crate) struct BrowserDouble {
    script: PathBuf,
    pipe: PathBuf,
    opened: mpsc::Receiver<String>,
}

/// Of all arguments, how many there are and the first; no argument of ours has a line break.
const SCRIPT: &str = r#"printf '%s %s\n' "$#" "$1" > "${0%.sh}.pipe""#;

impl BrowserDouble {
    pub(crate) fn new(world: &World) -> Self {
        let (script, pipe) = (world.path("browser.sh"), world.path("browser.pipe"));
        write(&script, SCRIPT);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (tell, opened) = mpsc::channel();
        // Opened for both, the pipe never ends, and opening it waits for nobody.
        let reader = File::options().read(true).write(true).open(&pipe).unwrap();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines() {
                match line {
                    Ok(line) if line != THE_END => drop(tell.send(line)),
                    _ => return,
                }
            }
        });
        Self { script, pipe, opened }
    }

    /// What `BROWSER` is set to. The script is the shell's argument: to execute a file that a fork of
    /// another test may still hold open for writing fails.
    pub(crate) fn command(&self) -> String {
        format!("/bin/sh {} %s", self.script.display())
    }

    /// The one argument with which the browser is opened.
    #[track_caller]
    pub(crate) fn opened(&self) -> String {
        let line = self.opened.recv_timeout(TEST_TIMEOUT).expect("the browser is opened");
        let (count, argument) = line.split_once(' ').unwrap();
        assert_eq!(count, "1", "arguments");
        argument.to_owned()
    }

    #[track_caller]
    pub(crate) fn opened_with_url(&self) -> Url {
        Url::parse(&self.opened()).unwrap()
    }

    /// Fails if it was opened and the test did not hear of it.
    #[track_caller]
    pub(crate) fn assert_not_opened(self) {
        self.end();
        assert_eq!(self.opened.iter().count(), 0, "the browser was opened");
    }

    fn end(&self) {
        let mut pipe = File::options().write(true).open(&self.pipe).unwrap();
        writeln!(pipe, "{THE_END}").unwrap();
    }
}

/// What ends the thread that reads the pipe.
const THE_END: &str = "the end";
