//! The file is shared by processes, and its tokens are refreshed at a server on this machine, whose
//! refresh tokens work once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use credentials::RefreshToken;
use futures_util::future::join;
use tempfile::TempDir;
use token_client::{HttpClient, Options, Provider, TokenClient};
use token_store::{
    Commit, Error, FileStore, MemoryStore, RefreshFailure, RefreshedTokens, Refresher, SharedStore,
    StoreGuard as _, StoredTokens, TokenSource,
};
use tokio::task::JoinHandle;

const PROCESSES: usize = 20;

/// The arguments of a process: the file and the server.
const FILE: &str = "TOKEN_STORE_TEST_FILE";
const SERVER: &str = "TOKEN_STORE_TEST_SERVER";

fn client(server: &str) -> TokenClient {
    let http = HttpClient::new(Options::new("test/1.0"));
    let at = |path: &str| format!("{server}{path}").parse().unwrap();
    TokenClient::new(http, Provider::new(server.parse().unwrap(), at("/a"), at("/token")), "app")
}

/// Tokens that are due.
fn due() -> StoredTokens {
    let mut tokens = StoredTokens::default();
    tokens.set("access_token", "access-0");
    tokens.set("refresh_token", "refresh-0");
    tokens.set("expires_at", "2020-01-01T00:00:00Z");
    tokens.set("account", "ada");
    tokens
}

/// Answers requests without end, and returns its address.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut refreshes = 0;
        for stream in listener.incoming() {
            answer(&stream.unwrap(), &mut refreshes);
        }
    });
    address
}

/// Only the newest refresh token works.
fn answer(mut stream: &TcpStream, refreshes: &mut u32) {
    let mut request = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while request.read_line(&mut line).unwrap() > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    request.read_exact(&mut body).unwrap();
    let newest = format!("refresh_token=refresh-{refreshes}");
    let (status, body) = if String::from_utf8(body).unwrap().contains(&newest) {
        *refreshes += 1;
        let tokens = format!(
            r#"{{"access_token":"access-{refreshes}","refresh_token":"refresh-{refreshes}","token_type":"bearer","expires_in":3600}}"#
        );
        ("200 OK", tokens)
    } else {
        ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned())
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
    let rest = format!("Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all((head + &rest).as_bytes()).unwrap();
}

/// One of the processes: it prints the access token. Nothing happens in a usual run of the tests.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the arguments of a test that is a process")]
async fn process() {
    let (Ok(file), Ok(server)) = (std::env::var(FILE), std::env::var(SERVER)) else { return };
    let token = token_store::token_source(FileStore::new(file), client(&server))
        .access_token()
        .await
        .unwrap();
    writeln!(std::io::stdout(), "token: {}", token.expose()).unwrap();
}

fn start(file: &Path, server: &str) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "process", "--nocapture"]).env(FILE, file).env(SERVER, server);
    process.stdout(Stdio::piped()).spawn().unwrap()
}

// threats 114 109
#[tokio::test]
async fn one_of_twenty_processes_refreshes() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("new/tokens.json");
    FileStore::new(&file).save(&due()).await.unwrap();
    let server = server();
    let processes: Vec<Child> = (0..PROCESSES).map(|_| start(&file, &server)).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains("token: access-1\n"), "{output}");
    }
    let stored = FileStore::new(&file).load().unwrap().unwrap();
    assert_eq!(stored.refresh_token().unwrap().expose(), "refresh-1");
    assert_eq!(stored.get::<String>("account").as_deref(), Some("ada"));
    assert!(stored.expires_at() > stored.get::<String>("issued_at").and_then(|it| it.parse().ok()));
    #[cfg(unix)]
    for (name, mode) in [("", 0o700), ("tokens.json", 0o600), ("tokens.json.lock", 0o600)] {
        let metadata = std::fs::metadata(folder.path().join("new").join(name)).unwrap();
        let found = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        assert_eq!(found, mode, "{name}");
    }
    let names = std::fs::read_dir(folder.path().join("new")).unwrap().count();
    assert_eq!(names, 2, "nothing else stays");
}

// threats 115
#[tokio::test]
async fn one_of_many_tasks_refreshes() {
    let store = MemoryStore::new(due());
    let source = token_store::token_source(store, client(&server()));
    let tasks: Vec<_> = (0..50).map(|_| spawn(source.clone())).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "access-1");
    }
}

/// The futures of any store can be spawned.
fn spawn<S>(source: TokenSource<S>) -> JoinHandle<String>
where
    S: SharedStore<SignIn = StoredTokens> + 'static,
{
    tokio::spawn(async move { source.access_token().await.unwrap().expose().to_owned() })
}

#[tokio::test]
async fn parameters_of_the_program_are_sent() {
    // The server looks for the newest refresh token, and finds that of the parameter.
    let mut tokens = due();
    tokens.set("refresh_token", "spent");
    let refresher =
        Refresher::new(client(&server())).parameter("also", "x&refresh_token=refresh-0");
    let source = token_store::token_source(MemoryStore::new(tokens.clone()), refresher);
    assert!(source.access_token().await.is_err(), "a value is encoded");
    let refresher = Refresher::new(client(&server())).parameter("old_refresh_token", "refresh-0");
    let source = token_store::token_source(MemoryStore::new(tokens), refresher);
    assert_eq!(source.access_token().await.unwrap().expose(), "access-1");
}

// threats 112
#[tokio::test]
async fn spent_refresh_token_requires_a_new_sign_in_and_stays_stored() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path().join("tokens.json"));
    let mut tokens = due();
    tokens.set("refresh_token", "spent");
    store.save(&tokens).await.unwrap();
    let error = token_store::token_source(store.clone(), client(&server()))
        .access_token()
        .await
        .unwrap_err();
    assert!(
        matches!(error, token_source::Error::Rejected(RefreshFailure::Request(_))),
        "{error:?}"
    );
    assert!(store.load().unwrap().is_some());
    assert!(store.remove().await.unwrap() && !store.remove().await.unwrap());
    assert!(store.load().unwrap().is_none());
}

/// Another process has refreshed the tokens just before.
#[tokio::test]
async fn sign_out_takes_the_tokens_of_a_refresh_that_is_running() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path().join("tokens.json"));
    store.save(&due()).await.unwrap();
    let memory = MemoryStore::new(due());
    let taken = join(refresh_slowly(&store), store.take()).await.1.unwrap().unwrap();
    assert_eq!(taken.refresh_token().unwrap().expose(), "refresh-1");
    assert!(store.take().await.unwrap().is_none() && store.load().unwrap().is_none());
    let taken = join(refresh_slowly(&memory), memory.take()).await.1.unwrap();
    assert_eq!(taken.refresh_token().unwrap().expose(), "refresh-1");
    assert!(memory.take().await.is_none());
}

/// Holds the lock until the other task waits for it.
async fn refresh_slowly<S: SharedStore<SignIn = StoredTokens>>(store: &S) {
    let mut guard = store.try_lock().await.unwrap().locked().unwrap();
    tokio::task::yield_now().await;
    let before = guard.load().await.unwrap().unwrap();
    guard.reserve(Duration::ZERO).await.unwrap();
    let spent = RefreshToken::new("refresh-0").unwrap();
    guard.commit(before, refreshed(), spent).await.unwrap();
}

fn refreshed() -> RefreshedTokens {
    let refresh_token = RefreshToken::new("refresh-1").ok();
    RefreshedTokens { refresh_token, ..RefreshedTokens::default() }
}

// threats 122
#[tokio::test]
async fn sign_in_of_a_program_without_locks_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokens.json");
    let store = FileStore::new(&path);
    for (written, is_stored) in [
        (r#"{"refresh_token":"another"}"#, false),
        ("", false),
        (r#"{"refresh_token":"refresh-0","account":"grace"}"#, true),
        // Half a document that never becomes whole is no sign-in, and the new tokens are.
        (r#"{"refresh_token":"refr"#, true),
    ] {
        store.save(&due()).await.unwrap();
        let mut guard = store.try_lock().await.unwrap().locked().unwrap();
        let before = guard.load().await.unwrap().unwrap();
        guard.reserve(Duration::ZERO).await.unwrap();
        std::fs::File::create(&path).unwrap().write_all(written.as_bytes()).unwrap();
        let spent = RefreshToken::new("refresh-0").unwrap();
        let outcome = guard.commit(before, refreshed(), spent).await.unwrap();
        assert_eq!(matches!(outcome, Commit::Stored(_)), is_stored, "{written}");
        let now = std::fs::read_to_string(&path).unwrap();
        assert_eq!(now.contains("refresh-1"), is_stored, "{now}");
        assert_eq!(now.contains("grace"), written.contains("grace"), "{now}");
        assert!(!path.with_extension("json.shared-file.tmp").exists());
    }
}

/// Another user cannot have written it.
fn private_file(path: &Path) -> std::fs::File {
    let file = std::fs::File::create(path).unwrap();
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    file
}

// threats 116
#[tokio::test]
async fn tokens_of_a_process_killed_before_the_rename_are_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokens.json");
    let store = FileStore::new(&path);
    for (left, expected) in [
        (r#"{"refresh_token":"newer","issued_at":"2026-11-28T12:00:01Z"}"#, "newer"),
        (r#"{"refresh_token":"older","issued_at":"2026-11-28T11:59:59Z"}"#, "refresh-0"),
        (r#"{"refresh_token":"half","issued_at":"2026-11-28T12:0"#, "refresh-0"),
        ("    ", "refresh-0"),
    ] {
        let mut tokens = due();
        tokens.set("issued_at", "2026-11-28T12:00:00Z");
        store.save(&tokens).await.unwrap();
        let temporary = path.with_extension("json.shared-file.tmp");
        let mut file = private_file(&temporary);
        file.write_all(left.as_bytes()).unwrap();
        let found =
            store.try_lock().await.unwrap().locked().unwrap().load().await.unwrap().unwrap();
        assert_eq!(found.refresh_token().unwrap().expose(), expected);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn link_stays_and_its_target_is_replaced() {
    let folder = TempDir::new().unwrap();
    let (link, target) = (folder.path().join("link"), folder.path().join("target.json"));
    std::os::unix::fs::symlink("target.json", &link).unwrap();
    let store = FileStore::new(&link);
    for _ in 0..2 {
        store.save(&due()).await.unwrap();
        assert!(link.is_symlink() && target.is_file());
        assert!(folder.path().join("target.json.lock").is_file());
    }
}

/// Another user could have put it there, to hold the lock or to have another file opened.
// threats 216
#[cfg(unix)]
#[tokio::test]
async fn lock_file_that_is_a_link_is_refused_and_a_shared_one_becomes_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokens.json");
    let (lock, elsewhere) = (path.with_extension("json.lock"), folder.path().join("elsewhere"));
    std::os::unix::fs::symlink(&elsewhere, &lock).unwrap();
    let outcome = FileStore::new(&path).save(&due()).await;
    assert!(matches!(outcome, Err(Error::File(_))), "{outcome:?}");
    assert!(!elsewhere.exists() && !path.exists());
    std::fs::remove_file(&lock).unwrap();
    let shared = std::fs::File::create(&lock).unwrap();
    shared.set_permissions(std::fs::Permissions::from_mode(0o666)).unwrap();
    FileStore::new(&path).save(&due()).await.unwrap();
    assert_eq!(shared.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

// threats 118
#[tokio::test]
async fn other_files_are_errors_and_stay() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokens.json");
    for content in [&b"[]"[..], b"\xff", b"{\"a\":", &vec![b' '; 1024 * 1024 + 1]] {
        std::fs::File::create(&path).unwrap().write_all(content).unwrap();
        let outcome = FileStore::new(&path).load();
        assert!(matches!(outcome, Err(Error::Corrupt { .. })), "{outcome:?}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    let outcome = FileStore::new(path.join("x")).load();
    assert!(matches!(outcome, Err(Error::File(_))), "{outcome:?}");
}
