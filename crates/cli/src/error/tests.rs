//! Every error has a kind, and every kind is documented.

use std::collections::BTreeSet;
use std::time::Duration;

use auth_store::{AuthStore, Error as StoreError, FileError, Location};
use credentials::{ClaimMismatch, MalformedJwt};
use http_client::{
    DecodeError, Error as HttpError, ErrorResponse, RootCause, SetupError, TlsFailure,
};
use login::openai::MissingClaim;
use login::{OAuthError, RevocationError, SearchSummary};
use oauth_callback_server::{BindError, WaitError};
use platform_api::{Call, Error as PlatformError};
use serde_json::json;
use token_client::Error as TokenError;
use token_source::Holder;

use super::*;

const DOCUMENTATION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.md"));

fn io() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

fn location() -> Location {
    AuthStore::new("/home/ada/.codex".into()).location()
}

fn dns() -> HttpError {
    HttpError::Dns { host: "a.test".to_owned(), source: RootCause::new("why") }
}

fn refusal(status: u16) -> ErrorResponse {
    let body = br#"{"error":"invalid_grant","error_description":"Why"}"#;
    let mut refusal = ErrorResponse::from_body(status, body);
    refusal.retry_after = Some(Duration::from_millis(2500));
    refusal
}

fn refused(status: u16) -> TokenError {
    TokenError::ErrorResponse(refusal(status))
}

fn misshapen() -> DecodeError {
    DecodeError::Shape { field: "access_token".to_owned() }
}

fn locked() -> StoreError {
    FileError::Locked { path: "auth.lock".into(), waited: Duration::from_secs(45), holder: None }
        .into()
}

fn claimed() -> StoreError {
    let holder = Holder { name: "build-7:17".to_owned(), held_for: Duration::from_secs(12) };
    let (name, waited) = ("the row".to_owned(), Duration::from_secs(45));
    StoreError::Claimed { name, waited, holder: Some(holder) }
}

fn corrupt() -> StoreError {
    StoreError::TooLarge { location: location(), limit: 1, replaceable: true }
}

fn creation(source: PlatformError) -> LoginError {
    LoginError::KeyCreation { name: "Key".to_owned(), source: Box::new(source) }
}

fn platform_refusal(status: u16) -> PlatformError {
    PlatformError::ErrorResponse { call: Call::CreateApiKey, response: refusal(status) }
}

/// At least one of every kind.
fn samples() -> Vec<(&'static str, CliError)> {
    let mut all = of_sign_ins();
    all.extend(of_stored());
    all.extend(of_this_machine());
    all
}

fn of_sign_ins() -> Vec<(&'static str, CliError)> {
    let name = || "Key".to_owned();
    let denied = WaitError::Denied { error: "access_denied".to_owned(), error_description: None };
    let of_platform = PlatformError::Http { call: Call::LogIn, source: dns() };
    let undelivered = LoginError::NotDelivered { name: name(), stored: true, source: io().into() };
    let no_project = LoginError::NoProject { seen: SearchSummary::default(), failure: None };
    let unkept = LoginError::NotStored { name: name(), delivered: false, source: corrupt().into() };
    let organization = platform_api::OrganizationId::new("org-1").unwrap();
    let unknown = LoginError::UnknownOrganization { wanted: organization, offered: Vec::new() };
    let wanted = platform_api::ProjectId::new("proj_1").unwrap();
    let malformed = LoginError::MalformedJwt { token: "ID token", source: MalformedJwt::Parts };
    let not_enabled = TokenError::DeviceCodeNotEnabled;
    [
        (
            "port_in_use",
            LoginError::OAuth(OAuthError::Bind(BindError::PortsInUse { taken: Vec::new() })),
        ),
        ("denied", LoginError::OAuth(OAuthError::Callback(denied))),
        (
            "timed_out",
            LoginError::OAuth(OAuthError::Callback(WaitError::TimedOut {
                after: Duration::ZERO,
                rejected: Vec::new(),
            })),
        ),
        ("timed_out", LoginError::ListTimedOut { after: Duration::ZERO }),
        (
            "timed_out",
            LoginError::OAuth(OAuthError::Unreachable { after: Duration::ZERO, source: dns() }),
        ),
        ("invalid_callback", LoginError::OAuth(OAuthError::Callback(WaitError::MissingCode))),
        ("network", LoginError::OAuth(OAuthError::CodeExchange(dns().into()))),
        ("refused", LoginError::OAuth(OAuthError::CodeExchange(refused(400)))),
        ("refused", LoginError::KeyExchange { name: name(), source: refused(403).into() }),
        ("invalid_response", LoginError::OAuth(OAuthError::CodeExchange(misshapen().into()))),
        ("invalid_response", malformed),
        ("invalid_response", LoginError::InvalidIdToken(ClaimMismatch::Issuer.into())),
        ("account_not_set_up", LoginError::AccountNotSetUp(MissingClaim::Project)),
        ("wrong_workspace", LoginError::WrongWorkspace { workspace: None, allowed: Vec::new() }),
        ("network", LoginError::Platform(of_platform)),
        ("refused", creation(platform_refusal(403))),
        ("unknown_organization", unknown),
        ("unknown_project", LoginError::UnknownProject { wanted, offered: Vec::new() }),
        ("no_project", no_project),
        ("not_delivered", undelivered),
        ("not_stored", unkept),
        ("device_code_not_enabled", LoginError::OAuth(OAuthError::DeviceCode(not_enabled))),
        ("refused", LoginError::OAuth(OAuthError::DeviceCode(refused(403)))),
        ("denied", LoginError::OAuth(OAuthError::DeviceDenied)),
        ("timed_out", LoginError::OAuth(OAuthError::DeviceExpired)),
        ("system", LoginError::OAuth(OAuthError::NoRandomness(io().into()))),
    ]
    .into_iter()
    .map(|(kind, error)| (kind, error.into()))
    .collect()
}

fn of_stored() -> Vec<(&'static str, CliError)> {
    let text = || "https://auth.elsewhere.test".to_owned();
    let waited = Duration::from_secs(45);
    [
        ("store", LoginError::Store(corrupt())),
        ("store_busy", LoginError::Store(locked())),
        ("store_busy", LoginError::StoreBusy { waited, holder: None, claimed_by: None }),
        ("store_busy", LoginError::Store(claimed())),
        ("not_signed_in", LoginError::NotSignedIn(location())),
        ("sign_in_ended", LoginError::SignInEnded(refused(401))),
        ("sign_in_ended", LoginError::AccessTokenNotAccepted(platform_refusal(401))),
        ("access_token_expired", LoginError::AccessTokenExpired),
        ("network", LoginError::Refresh(dns().into())),
        ("nothing_to_refresh", LoginError::NothingToRefresh(location())),
        ("nothing_to_refresh", LoginError::UnsupportedAuthMode { auth_mode: text() }),
        ("other_client", LoginError::OtherClient { stored: text(), asked: text() }),
        ("other_issuer", LoginError::OtherIssuer { stored: text(), asked: text() }),
        ("invalid_response", LoginError::InvalidRefreshResponse { field: "access_token" }),
        ("sign_in_lost", LoginError::TokensNotStored(corrupt())),
    ]
    .into_iter()
    .map(|(kind, error)| (kind, error.into()))
    .collect()
}

fn of_this_machine() -> Vec<(&'static str, CliError)> {
    let interrupted = |by| CliError::Interrupted { by, note: None, no_key: false };
    let not_started = |kind: io::ErrorKind| {
        let (program, source) = ("x".into(), kind.into());
        CliError::NotStarted { program, source }
    };
    let wrong_secret =
        CliError::WrongSecret { what: "API key", example: "".into(), source: BadSecret::Empty };
    let not_revoked = RevocationError::TimedOut(Duration::from_secs(5));
    vec![
        ("network", CliError::Setup(SetupError::NoCaCertificates)),
        ("no_api_key", CliError::SignedInWithoutApiKey(LoginError::Cancelled.into())),
        ("no_home", CliError::NoHome),
        ("wrong_usage", CliError::ServersApart),
        ("no_credential", CliError::NoCredential { what: "API key", instead: "".into() }),
        ("bad_input", wrong_secret),
        ("bad_input", CliError::Input(io())),
        ("not_revoked", CliError::NotRevoked { location: location(), source: not_revoked.into() }),
        ("store", CliError::Profiles(io())),
        ("problems", CliError::Problems { count: 1 }),
        ("program_not_found", not_started(io::ErrorKind::NotFound)),
        ("program_not_runnable", not_started(io::ErrorKind::PermissionDenied)),
        ("output", CliError::Output(OutputError(io()))),
        ("output", CliError::ReaderGone),
        ("system", CliError::Runtime(io())),
        ("interrupted", interrupted(Interrupt::CtrlC)),
        ("terminated", interrupted(Interrupt::Terminated)),
        ("no_credential", LoginError::NoAccessToken(location()).into()),
    ]
}

// threats 209
#[test]
fn every_error_has_a_documented_kind() {
    let mut kinds = BTreeSet::new();
    for (kind, error) in samples() {
        let document = document(&error);
        assert_eq!(document["kind"], kind, "{error:?}");
        kinds.insert((kind.to_owned(), document["exit_code"].to_string()));
    }
    #[cfg(feature = "postgres")]
    kinds.extend(of_database());
    let mut documented = documented();
    let is_of_database = |kind: &str| kind.starts_with("store_") && kind != "store_busy";
    documented.retain(|(kind, _)| cfg!(feature = "postgres") || !is_of_database(kind));
    assert_eq!(kinds, documented);
}

/// The client of the database does not let others make its errors, so not each kind has a sample.
#[cfg(feature = "postgres")]
fn of_database() -> impl Iterator<Item = (String, String)> {
    use postgres_store::ErrorKind as Kind;
    let kinds = [
        Kind::Parameters,
        Kind::Unreachable,
        Kind::Full,
        Kind::Refused,
        Kind::Missing,
        Kind::Tls,
        Kind::Key,
        Kind::Changed,
        Kind::WentBack,
        Kind::Busy,
        Kind::Other,
    ];
    kinds
        .into_iter()
        .map(postgres::kind_of)
        .map(|kind| (kind.to_owned(), super::document::exit_code(kind).to_string()))
}

#[cfg(feature = "postgres")]
#[test]
fn error_of_the_database_has_its_kind_behind_the_store() {
    use postgres_store::CallError;
    let timed_out = postgres_store::Error::TimedOut { after: Duration::from_secs(10) };
    let source = Box::new(CallError::Store(timed_out));
    let error = LoginError::Store(StoreError::External { name: "the row".to_owned(), source });
    has(error, &json!({"kind": "store_unreachable", "exit_code": 1, "transient": true}));
    let source = Box::new(CallError::NoKeyFile);
    let error =
        LoginError::NotWritable(StoreError::External { name: "the row".to_owned(), source });
    has(error, &json!({"kind": "store_key", "transient": false}));
    let usage = postgres_store::InvalidParameters::PasswordInUrl;
    has(CliError::Postgres(usage.into()), &json!({"kind": "wrong_usage", "exit_code": 2}));
}

/// The first two cells of each row of the table of kinds.
fn documented() -> BTreeSet<(String, String)> {
    let table = DOCUMENTATION.split("| `kind` | exit code |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        (cells.nth(1).unwrap(), cells.next().unwrap())
    };
    rows.map(cells).collect()
}

#[track_caller]
fn has(error: impl Into<CliError>, fields: &Value) {
    let document = document(&error.into());
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&document[name], value, "{name} of {document}");
    }
}

#[test]
fn error_response_has_status_code_and_retry_after() {
    has(
        LoginError::Refresh(refused(429)),
        &json!({"status": 429, "code": "invalid_grant", "retry_after_seconds": 3, "transient": true}),
    );
    has(
        LoginError::SignInEnded(refused(401)),
        &json!({"status": 401, "code": "invalid_grant", "transient": false}),
    );
    let failure = Some(Box::new(platform_refusal(503)));
    let no_project = LoginError::NoProject { seen: SearchSummary::default(), failure };
    has(no_project, &json!({"kind": "no_project", "status": 503, "transient": true}));
}

#[test]
fn missing_response_has_a_cause() {
    has(
        LoginError::Refresh(dns().into()),
        &json!({"cause": "dns", "host": "a.test", "transient": true}),
    );
    let tls = HttpError::Tls { host: "a.test".to_owned(), source: TlsFailure::UnknownAuthority };
    has(LoginError::Refresh(tls.into()), &json!({"cause": "tls", "transient": false}));
    let unreached = LoginError::OAuth(OAuthError::Unreachable {
        after: Duration::from_secs(900),
        source: dns(),
    });
    has(
        unreached,
        &json!({"kind": "timed_out", "cause": "dns", "host": "a.test", "transient": true}),
    );
    let no_callback = WaitError::TimedOut { after: Duration::from_secs(900), rejected: Vec::new() };
    has(
        LoginError::OAuth(OAuthError::Callback(no_callback)),
        &json!({"cause": null, "transient": true}),
    );
    has(CliError::Setup(SetupError::NoCaCertificates), &json!({"cause": "setup"}));
    has(LoginError::Store(corrupt()), &json!({"cause": "unreadable", "transient": false}));
    has(LoginError::Store(locked()), &json!({"cause": "locked", "transient": true}));
    has(LoginError::Store(claimed()), &json!({"holder": "build-7:17", "held_for_seconds": 12}));
}

/// Trying again without a check may create a second key.
// threats 132 147
#[test]
fn error_with_a_possible_key_is_not_transient() {
    let fields = json!({"key_name": "Key", "key_may_exist": true, "transient": false});
    has(creation(platform_refusal(503)), &fields);
    let source = refused(500).into();
    let exchange = LoginError::KeyExchange { name: "Key".to_owned(), source };
    has(exchange, &fields);
    has(creation(platform_refusal(429)), &json!({"key_may_exist": false, "transient": true}));
}

/// A released lock is no reason to create a second key, and an undelivered key has to be deleted.
// threats 147 153
#[test]
fn key_that_could_not_be_stored_is_named() {
    let unkept = |delivered, source: StoreError| {
        let source = source.into();
        CliError::from(LoginError::NotStored { name: "Key".to_owned(), delivered, source })
    };
    let fields = json!({"kind": "not_stored", "key_name": "Key", "transient": false});
    has(unkept(false, locked()), &fields);
    let hint = |delivered| shown(&unkept(delivered, locked())).unwrap();
    let then = "; another program is using it: try again when it is done";
    assert_eq!(hint(true), format!("the key above works, but is not stored: save it now{then}"));
    let delete =
        "delete that key at https://platform.openai.com/api-keys, because it was not delivered";
    assert_eq!(hint(false), format!("{delete}{then}"));
}

/// The hint for a command line without options.
fn shown(error: &CliError) -> Option<String> {
    document(error)["hint"].as_str().map(str::to_owned)
}

fn document(error: &CliError) -> Value {
    let args = crate::args::SharedArgs::usual().unwrap().command_prefix();
    error.to_json(&args)
}

// threats 192
#[test]
fn text_from_outside_is_cleaned_and_cut() {
    let error_description = Some(format!("a\u{1b}[2J\n{}", "x".repeat(5000)));
    let denied = WaitError::Denied { error: "e".to_owned(), error_description };
    let document = document(&LoginError::OAuth(OAuthError::Callback(denied)).into());
    let message = document["message"].as_str().unwrap();
    assert!(message.starts_with("sign-in was not granted (e): a[2J x"), "{message}");
    assert_eq!(message.chars().count(), 1000);
}

/// The names of variants are identifiers of JSON.
#[test]
fn every_cause_and_reason_is_documented() {
    use auth_store::ErrorKind as Store;
    use http_client::ErrorKind as Http;
    use oauth_callback_server::RejectedCallback as Rejected;
    let http = [
        (Http::Setup, "setup"),
        (Http::Dns, "dns"),
        (Http::Connect, "connect"),
        (Http::Proxy, "proxy"),
        (Http::Tls, "tls"),
        (Http::Timeout, "timeout"),
        (Http::CutOff, "cut_off"),
        (Http::Redirect, "redirect"),
        (Http::TooLarge, "too_large"),
        (Http::InvalidRequest, "invalid_request"),
    ];
    let store = [
        (Store::NotWritable, "not_writable"),
        (Store::NotReplaced, "not_replaced"),
        (Store::Unreadable, "unreadable"),
        (Store::TooLarge, "too_large"),
        (Store::NoLocks, "no_locks"),
        (Store::External, "external"),
        (Store::MayBeStored, "may_be_stored"),
        (Store::HalfWritten, "half_written"),
        (Store::NotAFile, "not_a_file"),
        (Store::UnsafePlace, "unsafe_place"),
        (Store::NotDurable, "not_durable"),
        (Store::Io, "io"),
    ];
    let rejected = [
        (Rejected::Https, "https"),
        (Rejected::StateMismatch, "state_mismatch"),
        (Rejected::MissingState, "missing_state"),
        (Rejected::Malformed, "malformed"),
        (Rejected::NotNavigation, "not_navigation"),
        (Rejected::OtherHost, "other_host"),
        (Rejected::OtherUser, "other_user"),
        (Rejected::HeaderTooLarge, "header_too_large"),
    ];
    http.iter().for_each(|(kind, name)| assert_documented(&variant_name(kind), name));
    store.iter().for_each(|(kind, name)| assert_documented(&variant_name(kind), name));
    rejected.iter().for_each(|(kind, name)| assert_documented(&variant_name(kind), name));
}

#[track_caller]
fn assert_documented(variant: &str, name: &str) {
    assert_eq!(variant, name);
    assert!(DOCUMENTATION.contains(&format!("`{name}`")), "{name}");
}
