//! System conditions during the wait: no loopback interface, no file descriptors, a stopped or
//! killed process, and ports in use.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use rustix::process::Signal;
use sandbox::{Account, Endpoint, Then};

use crate::support::{
    Loopback, Running, StoredSignIn, TEST_TIMEOUT, World, has_musl, in_own_namespaces, parameter,
    report_skipped,
};

/// Clients take all file descriptors and send nothing.
// threats 50
#[test]
fn server_waits_without_busy_loop_if_descriptors_run_out() {
    let world = World::new();
    let running = world.login().in_shell("ulimit -n 64;", "").start();
    let (port, before, started) = (running.port(), processor_time(&running), Instant::now());
    let clients: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    clients.into_iter().for_each(assert_closed);
    let busy = processor_time(&running) - before;
    assert!(busy < started.elapsed() / 5, "{busy:?} of {:?}", started.elapsed());
    running.visit(Account::OWNER);
    running.finish().exits(0);
}

/// The server closes or resets the connection.
#[track_caller]
fn assert_closed(mut stream: TcpStream) {
    use std::io::Read as _;

    stream.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    assert_eq!(answer, b"");
}

/// The browser connects, and the tokens are saved, while clients hold all connections that they get.
// threats 50
#[test]
fn clients_leave_descriptors_for_the_sign_in() {
    let world = World::new();
    let running = world.login().in_shell("ulimit -n 64;", "").start();
    let port = running.port();
    let clients: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    running.visit(Account::OWNER);
    running.finish().exits(0);
    drop(clients);
}

/// The CPU time of the program in user and kernel mode (proc(5)).
fn processor_time(running: &Running<'_>) -> Duration {
    // Linux counts in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let status = fs::read_to_string(format!("/proc/{}/stat", running.id)).unwrap();
    // The process name can contain spaces.
    let fields: Vec<&str> = status.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks = |field: usize| fields[field].parse::<u32>().unwrap();
    TICK * (ticks(11) + ticks(12))
}

// threats 52
#[test]
fn killed_process_does_not_block_the_next() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let killed = flow(&world).start();
        let port = killed.port();
        killed.kill();
        assert_eq!(world.auth_json(), None);
        flow(&world).port(port).signs_in(Account::OWNER).exits(0);
    }
}

/// The browser returns while the process is stopped, and gets its response afterwards.
// threats 53
#[test]
fn stopped_process_continues() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let running = flow(&world).start();
        running.auth_url();
        running.stop();
        let visit = running.start_visit(Account::OWNER);
        world.sandbox.wait_for_requests_blocking(&Endpoint::Choice, 1, TEST_TIMEOUT).unwrap();
        assert!(!visit.is_over());
        assert_eq!(world.count(&Endpoint::Token), 0);
        running.signal(Signal::CONT);
        assert_eq!(running.join_visit(visit).last().unwrap().status, 200);
        running.finish().exits(0);
    }
}

// threats 57
#[test]
fn sign_in_works_without_ipv6() {
    in_own_namespaces("system::sign_in_works_without_ipv6", Loopback::WithoutIpv6, || {
        assert!(
            TcpStream::connect("[::1]:9")
                .is_err_and(|error| { error.kind() == std::io::ErrorKind::AddrNotAvailable })
        );
        for flow in [World::login, World::create_key] {
            let world = World::new();
            let finished = flow(&world).signs_in(Account::OWNER);
            finished.exits(0).says_nothing_of("error: ").says_nothing_of("warning: ");
        }
    });
}

/// A loopback address can be bound while its interface is down, but no browser could connect.
// threats 58
#[test]
fn missing_loopback_interface_fails_before_the_browser_opens() {
    let mut probe = Command::new("unshare");
    if !succeeds(probe.args(["-Urn", "true"])) {
        return report_skipped(
            "a machine without a loopback interface: no network namespace is allowed",
        );
    }
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let finished = flow(&world).under(["/usr/bin/unshare", "-Urn"]).run();
        finished.exits(1).prints("").says_nothing_of("/oauth/authorize");
        // In the words of glibc or musl.
        let reason = if has_musl() { "unreachable" } else { "is unreachable" };
        finished.says("error: cannot listen on 127.0.0.1:").says(&format!(": Network {reason}"));
        finished
            .says("hint: the browser cannot reach this machine: enable the loopback interface\n");
        assert_eq!(world.auth_json(), None);
    }
}

/// The namespace has no other program on these ports.
// threats 56 61
#[test]
fn registered_ports_are_bound() {
    in_own_namespaces("system::registered_ports_are_bound", Loopback::Usual, || {
        let world = World::new();
        let first = world.login().without("--port", 1).start();
        assert_eq!(first.port(), SIGN_IN_PORT);
        let second = world.login().ports(&[SIGN_IN_PORT, SIGN_IN_OTHER_PORT]).start();
        assert_eq!(second.port(), SIGN_IN_OTHER_PORT);
        let key = world.create_key().without("--port", 1).start();
        assert_eq!(key.port(), CREATE_API_KEY_PORT);
        for running in [first, second, key] {
            running.visit(Account::OWNER);
            running.finish().exits(0);
        }
    });
}

/// If another program has the first port, the second one is used. If another sign-in waits on the
/// first port, the command fails.
// threats 59 61
#[test]
fn second_port_is_used_only_if_another_program_has_the_first() {
    in_own_namespaces(
        "system::second_port_is_used_only_if_another_program_has_the_first",
        Loopback::Usual,
        || {
            let world = World::new();
            let usual = || world.login().without("--port", 1);
            let other_program = TcpListener::bind((Ipv4Addr::LOCALHOST, SIGN_IN_PORT)).unwrap();
            let passing_over = usual().start();
            assert_eq!(passing_over.port(), SIGN_IN_OTHER_PORT);
            let both = usual().run();
            both.exits(13)
                .says("error: port 1455 is in use")
                .says("; another sign-in is waiting on port 1457");
            // An explicit port has no alternative.
            world.login().port(SIGN_IN_PORT).run().exits(13);
            passing_over.visit(Account::OWNER);
            passing_over.finish().exits(0);

            drop(other_program);
            let first = usual().start();
            assert_eq!(first.port(), SIGN_IN_PORT);
            usual()
                .run()
                .exits(13)
                .says("error: another sign-in is waiting on port 1455 (pid ")
                .says("; or use --port 1457 here\n");
            first.visit(Account::OWNER);
            first.finish().exits(0);
        },
    );
}

/// For browsers that force https on `localhost`.
// threats 218
#[test]
fn redirect_host_can_be_an_ip_address() {
    let world = World::new();
    let running = world.login().args(["--redirect-host", "127.0.0.1"]).start();
    let port = running.port();
    let expected = format!("http://127.0.0.1:{port}/auth/callback");
    assert_eq!(parameter(&running.auth_url(), "redirect_uri"), expected);
    let trail = running.visit(Account::OWNER);
    let landing = trail.last().unwrap();
    assert_eq!(landing.status, 200);
    running.finish().exits(0);
    let redirected = world.sandbox.requests_at(&Endpoint::TokenCode);
    assert!(redirected[0].form().contains(&("redirect_uri".to_owned(), expected)));
    for command in ["create-key", "organizations"] {
        world.command(command).args(["--redirect-host", "127.0.0.1"]).run().exits(2);
    }
}

const SETPRIV: &str = "/usr/bin/setpriv";

/// For a program of another user, the system reports only the user.
// threats 60
#[test]
fn program_of_another_user_is_named_by_user() {
    let of = |uid: u32| [SETPRIV.to_owned(), format!("--reuid={uid}"), "--clear-groups".to_owned()];
    let mut probe = Command::new(SETPRIV);
    probe.args(&of(65_534)[1..]).arg(crate::support::program()).arg("--version");
    if !succeeds(&mut probe) {
        return report_skipped("a port that another user holds: only the superuser can become one");
    }
    let world = World::new();
    let theirs = world.create_key().under(of(65_534)).start();
    let port = theirs.port();
    let ours = world.create_key().under(of(65_533)).port(port).run();
    ours.exits(13)
        .says(&format!("error: port {port} is in use by a program of another user (uid 65534)\n"));
    theirs.visit(Account::OWNER);
    theirs.finish().exits(0);
}

fn succeeds(probe: &mut Command) -> bool {
    let status = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A core dump would contain tokens. With a limit of one byte, Linux also gives none to a program (core(5)). A program
/// started by `exec` can still dump core.
// threats 180
#[test]
fn crash_leaves_no_core_dump() {
    let world = World::new();
    let running = world.login().in_shell("ulimit -c unlimited 2>/dev/null;", "").start();
    running.auth_url();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.id)).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("1"), "{core}");
    running.kill();

    world.store(r#"{"OPENAI_API_KEY":"sk-proj-0123456789abcdef"}"#);
    let exec = world.command("exec").args(["--", "/bin/sh", "-c", "ulimit -S -c"]);
    let inherited = exec.in_shell("ulimit -S -c 8;", "").run();
    inherited.exits(0).prints("8\n");
}

/// What a debugger or the hibernation of the machine could copy, after the exchange and while old tokens are revoked.
// threats 6 180
#[test]
fn memory_after_the_exchange_has_few_copies_of_each_secret() {
    let world = World::failing(Endpoint::Revoke, Then::Hold);
    StoredSignIn::minted(&world, Account::NEW_OWNER, 3600).stored(&world);
    let running = world.login().start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
    let memory = memory(&running);
    let issued = world.sandbox.issued();
    assert!(memory.contains(&issued.refresh_tokens[0]), "the request has the old refresh token");
    // The ID token is exchanged for an API key.
    for (secrets, most) in [
        (issued.access_tokens, 1),
        (issued.refresh_tokens, 1),
        (issued.api_keys, 1),
        (issued.id_tokens, 2),
    ] {
        let copies = memory.matches(secrets.last().unwrap()).count();
        assert!(copies <= most, "{copies} copies, and {most} are allowed");
    }
    world.sandbox.release();
    running.join_visit(visit);
    running.finish().exits(0);
}

/// The heap, the stacks and all else that the program can write to.
fn memory(running: &Running<'_>) -> String {
    use std::os::unix::fs::FileExt as _;
    running.stop();
    let memory = fs::File::open(format!("/proc/{}/mem", running.id)).unwrap();
    let maps = fs::read_to_string(format!("/proc/{}/maps", running.id)).unwrap();
    let read = |line: &str| {
        let (begin, end) = line.split_once(' ')?.0.split_once('-')?;
        let [begin, end] = [begin, end].map(|it| u64::from_str_radix(it, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
        memory.read_exact_at(&mut bytes, begin).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let all = maps.lines().filter(|line| line.contains(" rw")).filter_map(read).collect();
    running.signal(Signal::CONT);
    all
}
