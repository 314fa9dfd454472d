use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use url::Url;

use super::{TEST_TIMEOUT, World, write};

/// A browser double that reports its argument through a named pipe, so that the test can wait for
/// it.
pub(crate) struct BrowserDouble {
    script: PathBuf,
    pipe: PathBuf,
    opened: mpsc::Receiver<String>,
}

/// Prints the number of arguments and the first one. No argument contains a line break.
const SCRIPT: &str = r#"printf '%s %s\n' "$#" "$1" > "${0%.sh}.pipe""#;

impl BrowserDouble {
    pub(crate) fn new(world: &World) -> Self {
        let (script, pipe) = (world.path("browser.sh"), world.path("browser.pipe"));
        write(&script, SCRIPT);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (tell, opened) = mpsc::channel();
        // Opening for reading and writing does not block and prevents end of file.
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

    /// The value of `BROWSER`. A shell runs the script, because executing a file that is open for
    /// writing fails with ETXTBSY.
    pub(crate) fn command(&self) -> String {
        format!("/bin/sh {} %s", self.script.display())
    }

    /// Waits for the only argument of the browser.
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

    /// Fails if the browser was opened once more.
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

/// Ends the thread that reads the pipe.
const THE_END: &str = "the end";
