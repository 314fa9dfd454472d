//! One process of a fleet: it asks for an access token, and prints what it gets.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use credentials::RefreshToken;
use postgres_store::{Database, Keys, Options, Parameters, PostgresStore, StoredSignIn};
use token_source::{
    Event, RefreshError, RefreshErrorKind, Refreshable, RefreshedTokens, TokenEndpoint,
    TokenResponse, TokenSource,
};

use crate::fixture::Point;
use crate::fleet::ROW;
use crate::issuer::{CANARY, SystemClock, Tokens, now};

/// The variables of a process.
pub(crate) const STORE: &str = "POSTGRES_STORE_TEST_URL";
pub(crate) const SERVER: &str = "POSTGRES_STORE_TEST_TOKEN_SERVER";
pub(crate) const MACHINE: &str = "POSTGRES_STORE_TEST_MACHINE";
pub(crate) const KEYS: &str = "POSTGRES_STORE_TEST_KEYS";
pub(crate) const PASSWORD_VARIABLE: &str = "POSTGRES_STORE_TEST_PASSWORD";
pub(crate) const DEADLINE: &str = "POSTGRES_STORE_TEST_DEADLINE";
pub(crate) const POINTS: &str = "POSTGRES_STORE_TEST_POINTS";

#[expect(clippy::disallowed_methods, reason = "the arguments of a test that is a process")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Nothing happens in a usual run of the tests.
#[tokio::test]
async fn process() {
    let Some(url) = variable(STORE) else { return };
    let source = TokenSource::new(store(&url), Endpoint, SystemClock);
    let events = |event: Event| match event {
        Event::Refreshing => pause(Point::Refreshing),
        Event::Refreshed => pause(Point::Refreshed),
        _ => {}
    };
    let result = match source.valid(&events).await {
        Ok(valid) => valid.sign_in.access_token().unwrap().expose().replace(CANARY, ""),
        Err(error) => format!("error: {error:?}"),
    };
    writeln!(std::io::stdout(), "\nresult: {}", result.trim_start_matches('-')).unwrap();
}

fn store(url: &str) -> PostgresStore<Tokens> {
    let parameters = Parameters::resolve(url, |_| None).unwrap();
    PostgresStore::new(Options {
        database: Database::new(&parameters, variable(PASSWORD_VARIABLE)).unwrap(),
        name: ROW.to_owned(),
        keys: Keys::read(variable(KEYS).unwrap()).unwrap(),
        folder: variable(MACHINE).unwrap().into(),
        holder: format!("test:{}", std::process::id()),
        now,
    })
}

/// Says where the process is, and waits for a line if the test asked for it.
fn pause(point: Point) {
    let name = format!("{point:?}");
    if variable(POINTS).unwrap_or_default().split(',').any(|it| it == name) {
        std::io::stdout().write_all(format!("\nat {name}\n").as_bytes()).unwrap();
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }
}

struct Endpoint;

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("there was no answer")]
    NoAnswer,
    #[error("the token was used")]
    Used,
}

impl RefreshError for Failure {
    fn kind(&self) -> RefreshErrorKind {
        match self {
            Self::NoAnswer => RefreshErrorKind::OutcomeUnknown,
            Self::Used => RefreshErrorKind::Rejected,
        }
    }
}

impl TokenEndpoint<StoredSignIn<Tokens>> for Endpoint {
    type Error = Failure;

    fn refresh_token(&self, sign_in: &StoredSignIn<Tokens>) -> Result<RefreshToken, Failure> {
        pause(Point::Claimed);
        Ok(sign_in.refresh_token().unwrap())
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(variable(DEADLINE).unwrap().parse().unwrap())
    }

    async fn refresh(
        &self,
        _: &StoredSignIn<Tokens>,
        token: &RefreshToken,
    ) -> Result<TokenResponse<Failure>, Failure> {
        let mut stream = TcpStream::connect(variable(SERVER).unwrap()).unwrap();
        writeln!(stream, "{}", token.expose()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).map_err(|_| Failure::NoAnswer)?;
        pause(Point::Answered);
        let number = line.trim_end().parse().map_err(|_| Failure::Used)?;
        let new = Tokens::new(number, 3600);
        let tokens = RefreshedTokens {
            access_token: new.access_token(),
            refresh_token: new.refresh_token(),
            expires_at: Some(new.expires_at),
            ..RefreshedTokens::default()
        };
        Ok(TokenResponse { tokens, defect: None })
    }

    async fn discard(&self, _: StoredSignIn<Tokens>) {}
}
