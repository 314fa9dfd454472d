use std::cell::RefCell;
use std::process::{Child, ChildStdin};
use std::thread;

use sandbox::{Conduct, Person, PersonError, Trail};
use serde_json::Value;
use url::Url;

use super::capture::Capture;
use super::process::Process;
use super::start::Log;
use super::{Allowed, Finished, Page, World, parameter, scan};

/// The running program, killed on drop.
pub(crate) struct Running<'w> {
    pub(super) world: &'w World,
    pub(super) allowed: Allowed,
    log: Log,
    /// The process id.
    pub(crate) id: u32,
    /// Standard input, if the test writes to it.
    pub(super) stdin: RefCell<Option<ChildStdin>>,
    stdout: Capture,
    stderr: Capture,
    process: Process,
    trails: RefCell<Vec<Trail>>,
    pages: RefCell<Vec<Page>>,
}

/// A browser visit in another thread.
pub(crate) struct Visit(thread::JoinHandle<Result<Trail, PersonError>>);

impl<'w> Running<'w> {
    pub(crate) fn new(world: &'w World, mut child: Child, allowed: Allowed, log: Log) -> Self {
        let stderr = Capture::new(child.stderr.take());
        Self::captured(world, child, stderr, (allowed, log))
    }

    /// A run with this capture of standard error.
    pub(super) fn captured(
        world: &'w World,
        mut child: Child,
        stderr: Capture,
        (allowed, log): (Allowed, Log),
    ) -> Self {
        Self {
            world,
            allowed,
            log,
            id: child.id(),
            stdin: RefCell::default(),
            stdout: Capture::new(child.stdout.take()),
            stderr,
            process: Process::new(child),
            trails: RefCell::default(),
            pages: RefCell::default(),
        }
    }

    /// Standard input, closed on drop.
    #[track_caller]
    pub(crate) fn stdin(&self) -> ChildStdin {
        self.stdin.take().expect("it is read later, and was not asked for before")
    }

    /// Waits for the authorization URL on standard error.
    #[track_caller]
    pub(crate) fn auth_url(&self) -> Url {
        let found = self.stderr.find(authorization_url);
        found.unwrap_or_else(|| panic!("no authorization URL in {:?}", self.stderr.so_far()))
    }

    /// Waits for the authorization URL; false if the program ends first.
    pub(crate) fn is_waiting(&self) -> bool {
        self.stderr.find(authorization_url).is_some()
    }

    /// The port of the redirect URI.
    #[track_caller]
    pub(crate) fn port(&self) -> u16 {
        Url::parse(&parameter(&self.auth_url(), "redirect_uri")).unwrap().port().unwrap()
    }

    /// Signs this account in and follows all redirects.
    #[track_caller]
    pub(crate) fn visit(&self, account: &str) -> Trail {
        self.visit_by(&self.world.sandbox.person(account))
    }

    #[track_caller]
    pub(crate) fn visit_by(&self, person: &Person) -> Trail {
        self.visit_at(&self.auth_url(), person)
    }

    /// Opens a URL that did not come from standard error.
    #[track_caller]
    pub(crate) fn visit_at(&self, url: &Url, person: &Person) -> Trail {
        let trail = person.visit_blocking(url.as_str()).unwrap();
        self.trails.borrow_mut().push(trail.clone());
        trail
    }

    /// Starts a visit in another thread.
    #[track_caller]
    pub(crate) fn start_visit(&self, account: &str) -> Visit {
        let (person, url) = (self.world.sandbox.person(account), self.auth_url());
        Visit(thread::spawn(move || person.visit_blocking(url.as_str())))
    }

    /// Waits for the end of a visit.
    #[track_caller]
    pub(crate) fn join_visit(&self, visit: Visit) -> Trail {
        let trail = visit.0.join().unwrap().unwrap();
        self.trails.borrow_mut().push(trail.clone());
        trail
    }

    /// The callback URL for this account. The browser does not open it yet.
    #[track_caller]
    pub(crate) fn callback(&self, account: &str) -> Url {
        let person = self.world.sandbox.person(account).with_conduct(Conduct::StopsBeforeCallback);
        self.visit_by(&person).last().unwrap().location().unwrap()
    }

    /// Sends a request with this line to the callback server.
    #[track_caller]
    pub(crate) fn ask(&self, request_line: &str) -> Page {
        let page = Page::request(self.port(), request_line);
        self.pages.borrow_mut().push(page.clone());
        page
    }

    /// Opens this URL of the callback server.
    #[track_caller]
    pub(crate) fn open(&self, url: &Url) -> Page {
        self.ask(&format!("GET {}", &url[url::Position::BeforePath..]))
    }

    /// Waits for the first event with this name on standard output.
    #[track_caller]
    pub(crate) fn event(&self, name: &str) -> Value {
        let is_it = |event: &Value| event["event"] == name;
        let read = |line: &str| serde_json::from_str(line.strip_suffix('\n')?).ok().filter(is_it);
        let found = self.stdout.find(|stdout| stdout.split_inclusive('\n').find_map(read));
        found.unwrap_or_else(|| panic!("no event {name} in {:?}", self.stdout.so_far()))
    }

    /// Standard error so far, without the log.
    #[cfg(unix)]
    pub(crate) fn said(&self) -> String {
        apart(self.stderr.so_far(), self.log).0
    }

    /// Waits until standard error contains this text.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        let found = self.stderr.find(|stderr| stderr.contains(text).then_some(()));
        assert!(found.is_some(), "no {text:?} in {:?}", self.stderr.so_far());
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.process.id, signal).unwrap();
    }

    /// From now on, the program cannot open another descriptor.
    #[cfg(target_os = "linux")]
    pub(crate) fn exhaust_descriptors(&self) {
        use rustix::process::{Resource, Rlimit, prlimit};
        let none = Rlimit { current: Some(3), maximum: Some(3) };
        prlimit(Some(self.process.id), Resource::Nofile, none).unwrap();
    }

    /// Stops the process and waits until it is stopped (proc(5)).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.signal(rustix::process::Signal::STOP);
        let status = format!("/proc/{}/stat", self.id);
        let since = std::time::Instant::now();
        while !std::fs::read_to_string(&status).unwrap().contains(") T ") {
            assert!(since.elapsed() < super::TEST_TIMEOUT, "it does not stop");
            thread::yield_now();
        }
    }

    /// Kills the process and waits for its end.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn kill(self) {
        use std::os::unix::process::ExitStatusExt as _;
        self.signal(rustix::process::Signal::KILL);
        let status = self.process.ended().expect("it is gone");
        assert_eq!(status.signal(), Some(9), "{status}");
    }

    /// Waits for the end and checks the run.
    #[track_caller]
    pub(crate) fn finish(self) -> Finished {
        let status = self.process.ended();
        let status = status.unwrap_or_else(|| panic!("no end; stderr: {}", self.stderr.so_far()));
        let text = |capture: &Capture| capture.whole().expect("something keeps the output open");
        let (stderr, log) = apart(text(&self.stderr), self.log);
        let finished = Finished {
            code: status.code().unwrap_or_else(|| panic!("ended by a signal: {status}")),
            stdout: text(&self.stdout),
            stderr,
            log,
            trails: self.trails.take(),
            pages: self.pages.take(),
        };
        scan::assert_invariants(self.world, &finished, self.allowed);
        finished
    }
}

impl Visit {
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    #[cfg(unix)]
    /// Waits for the end of a visit to a program that has exited.
    pub(crate) fn give_up(self) {
        let _ = self.0.join().unwrap();
    }
}

/// Separates messages and log lines.
fn apart(stderr: String, log: Log) -> (String, String) {
    match log {
        Log::InPlace => (stderr, String::new()),
        Log::Apart => {
            let (logged, said): (Vec<_>, Vec<_>) =
                stderr.split_inclusive('\n').partition(|line| is_logged(line));
            (said.concat(), logged.concat())
        }
    }
}

/// `2026-11-22T12:00:00.000000Z DEBUG …`
fn is_logged(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_time = words.next().is_some_and(|it| it.len() > 20 && it.ends_with('Z'));
    is_time && matches!(words.next(), Some("TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR"))
}

/// The first complete line that is an authorization URL.
fn authorization_url(stderr: &str) -> Option<Url> {
    let is_it = |line: &&str| line.starts_with("http") && line.contains("/oauth/authorize?");
    let line = stderr.split_inclusive('\n').filter(|line| line.ends_with('\n')).find(is_it)?;
    Some(Url::parse(line.trim_end_matches('\n')).unwrap())
}
