use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::message::{refusal, says_not_found};
use crate::protocol::{self, Credential};
use crate::run::{Cancellation, Deadline, Failure, Group, Outcome, Run};
use crate::{Error, InvalidName};

/// Enough for every unlocked store.
const DEADLINE: Duration = Duration::from_secs(3);

/// A `docker-credential-NAME` program and the options of its calls.
///
/// Nothing is searched or started before a call.
#[derive(Clone)]
pub struct Helper {
    program: String,
    /// Its possible paths, in order.
    paths: Vec<PathBuf>,
    env: Vec<(OsString, OsString)>,
    deadline: Duration,
    group: Group,
    cancellation: Cancellation,
}

impl Helper {
    /// The program `docker-credential-NAME` in the first of `folders` that has it. Pass the folders of
    /// `PATH`, from `std::env::split_paths`.
    ///
    /// Relative folders are skipped. An empty component of `PATH` is the current folder, whose owner is
    /// not trusted.
    ///
    /// # Errors
    ///
    /// [`InvalidName`].
    pub fn new(
        name: &str,
        folders: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Self, InvalidName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(InvalidName);
        }
        let program = format!("docker-credential-{name}");
        let file = if cfg!(windows) { format!("{program}.exe") } else { program.clone() };
        let paths = folders.into_iter().map(|folder| folder.join(&file)).collect();
        Ok(Self::of_program(program, paths))
    }

    /// The program at `path`, which has to be absolute.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let program = printable::one_line(&path.to_string_lossy());
        Self::of_program(program, vec![path])
    }

    fn of_program(program: String, paths: Vec<PathBuf>) -> Self {
        Self {
            program,
            paths,
            env: Vec::new(),
            deadline: DEADLINE,
            group: Group::Own,
            cancellation: Cancellation::default(),
        }
    }

    /// The time limit of one call. The default is 3 seconds.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Lets the helper prompt on the terminal. It stays in the process group of this program, so that
    /// it may read from the terminal and Ctrl-C ends both. Its children are not killed with it.
    #[must_use]
    pub fn allow_prompt(mut self) -> Self {
        self.group = Group::Inherited;
        self
    }

    /// Ends a call early: once `is_cancelled` returns true, a running helper is killed, and none is
    /// started. It is called about 50 times a second, on the thread of the call.
    #[must_use]
    pub fn cancelled_by(mut self, is_cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.cancellation = Cancellation::new(is_cancelled);
        self
    }

    /// The same helper for a call that must not be [cancelled](Self::cancelled_by), such as one that
    /// restores an entry.
    #[must_use]
    pub fn without_cancellation(&self) -> Self {
        Self { cancellation: Cancellation::default(), ..self.clone() }
    }

    /// Sets an environment variable of the helper, for example `PASSWORD_STORE_DIR` of `pass`. It
    /// inherits all others. Do not pass a secret: other processes may read the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The program's name in errors: `docker-credential-NAME`, or the given path.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The entry for `server_url`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`].
    pub fn get(&self, server_url: &str) -> Result<Option<Credential>, Error> {
        self.get_before(Deadline::from_now(self.deadline), server_url)
    }

    /// Stores an entry for `server_url`. Most stores replace an entry with the same username. Some keep
    /// one per username, and [`get`](Self::get) returns any of them, so use one username.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`]. After [`Error::TimedOut`] the entry may be the old or the new one.
    pub fn store(&self, server_url: &str, credential: &Credential) -> Result<(), Error> {
        let deadline = Deadline::from_now(self.deadline);
        let input = protocol::entry(server_url, credential)
            .map_err(|error| Error::Io { program: self.program.clone(), source: error.into() })?;
        let outcome = self.run(deadline, "store", input)?;
        if outcome.status.success() {
            return Ok(());
        }
        Err(self.refused(&outcome, &credential.secret))
    }

    /// Removes the entry for `server_url`, if there is one.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`].
    pub fn erase(&self, server_url: &str) -> Result<(), Error> {
        let deadline = Deadline::from_now(self.deadline);
        let outcome = self.run(deadline, "erase", bytes(server_url))?;
        if outcome.status.success() || says_not_found(&outcome) {
            return Ok(());
        }
        // Some helpers, such as `pass`, have their own message for a missing entry.
        match self.get_before(deadline, server_url) {
            Ok(None) => Ok(()),
            Ok(Some(_)) | Err(_) => Err(self.refused(&outcome, "")),
        }
    }

    /// The usernames of all entries, by server URL.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`].
    pub fn list(&self) -> Result<BTreeMap<String, String>, Error> {
        let outcome = self.run(Deadline::from_now(self.deadline), "list", bytes(""))?;
        if outcome.status.success() {
            return protocol::entries(&outcome.stdout).map_err(|_| self.invalid_answer());
        }
        Err(self.refused(&outcome, ""))
    }

    fn get_before(
        &self,
        deadline: Deadline,
        server_url: &str,
    ) -> Result<Option<Credential>, Error> {
        let outcome = self.run(deadline, "get", bytes(server_url))?;
        if outcome.status.success() {
            return protocol::credential(&outcome.stdout).map_err(|_| self.invalid_answer());
        }
        if says_not_found(&outcome) {
            return Ok(None);
        }
        Err(self.refused(&outcome, ""))
    }

    fn run(
        &self,
        deadline: Deadline,
        verb: &'static str,
        input: Zeroizing<Vec<u8>>,
    ) -> Result<Outcome, Error> {
        let program = || self.program.clone();
        let path = self.find().ok_or_else(|| Error::NotInstalled { program: program() })?;
        let (env, cancellation) = (&self.env, &self.cancellation);
        let run = Run { path, env, verb, deadline, group: self.group, cancellation };
        run.with(input).map_err(|failure| match failure {
            Failure::TimedOut => Error::TimedOut { program: program(), after: self.deadline },
            Failure::Cancelled => Error::Cancelled { program: program() },
            Failure::TooMuchOutput => self.invalid_answer(),
            Failure::Io(source) => Error::Io { program: program(), source },
        })
    }

    fn find(&self) -> Option<&Path> {
        let mut absolute = self.paths.iter().filter(|path| path.is_absolute());
        absolute.find(|path| path.is_file()).map(PathBuf::as_path)
    }

    fn refused(&self, outcome: &Outcome, secret: &str) -> Error {
        Error::Refused { program: self.program.clone(), message: refusal(outcome, secret) }
    }

    fn invalid_answer(&self) -> Error {
        Error::InvalidAnswer { program: self.program.clone() }
    }
}

/// Without the environment, in case it has a secret.
impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, deadline, .. } = self;
        f.debug_struct("Helper")
            .field("program", program)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}

fn bytes(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}
