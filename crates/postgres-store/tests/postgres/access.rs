//! Who reaches the database, and what its users may do.

use postgres_store::{Database, Durability, Error, ErrorKind, Parameters, setup_sql};

use crate::claims::Fleet;
use crate::fixture::{Replication, Server};

const PASSWORD: &str = "canary-password-7d1e";

async fn ask(url: &str, password: &str) -> Result<(), ErrorKind> {
    let outcome = async {
        let database =
            Database::new(&Parameters::resolve(url, |_| None)?, Some(password.to_owned()))?;
        database.run("SELECT version FROM login_cli.sign_ins").await
    };
    outcome.await.map_err(|error: Error| error.kind())
}

fn set_up(test: &str) -> Option<Server> {
    let server = Server::start(test)?;
    server.create_user("ci");
    server.create_user("other");
    server.sql(&setup_sql("ci", &["team-a"]));
    // It can run again.
    server.sql(&setup_sql("other", &["team-b"]));
    Some(server)
}

#[tokio::test]
async fn connection_is_verified_with_a_private_authority_and_a_client_certificate() {
    let Some(server) = set_up("verified TLS") else { return };
    server.sql("CREATE ROLE certified LOGIN; GRANT login_cli_runner TO certified");
    let file = |name: &str| server.file(name).display().to_string().replace('/', "%2F");
    let (ca, port) = (file("ca.pem"), server.port());
    let verified = format!("sslmode=verify-full&sslrootcert={ca}");
    let other = format!("sslmode=verify-full&sslrootcert={}", file("certified.pem"));
    let certificate = format!("sslcert={}&sslkey={}", file("certified.pem"), file("certified.key"));
    for (user, host, parameters, expected) in [
        ("ci", "localhost", format!("{verified}&channel_binding=require"), Ok(())),
        ("ci", "localhost", other, Err(ErrorKind::Tls)),
        // The certificate is for another name.
        ("ci", "db.test", format!("{verified}&hostaddr=127.0.0.1"), Err(ErrorKind::Tls)),
        ("ci", "localhost", "sslmode=verify-full".to_owned(), Err(ErrorKind::Tls)),
        ("ci", "localhost", "channel_binding=require".to_owned(), Err(ErrorKind::Refused)),
        ("certified", "localhost", format!("{verified}&{certificate}"), Ok(())),
        ("certified", "localhost", verified.clone(), Err(ErrorKind::Refused)),
    ] {
        let url = format!("postgres://{user}@{host}:{port}/ops?{parameters}");
        assert_eq!(ask(&url, PASSWORD).await, expected, "{url}");
    }
}

#[tokio::test]
async fn errors_say_what_is_wrong() {
    let Some(server) = set_up("errors of the database") else { return };
    let port = server.port();
    let url = |user: &str, database: &str| format!("postgres://{user}@localhost:{port}/{database}");
    assert_eq!(ask(&url("ci", "ops"), PASSWORD).await, Ok(()));
    assert_eq!(ask(&url("ci", "ops"), "wrong").await, Err(ErrorKind::Refused));
    assert_eq!(ask(&url("nobody", "ops"), PASSWORD).await, Err(ErrorKind::Refused));
    assert_eq!(ask(&url("ci", "missing"), PASSWORD).await, Err(ErrorKind::Missing));
    assert_eq!(ask(&url("ci", "postgres"), PASSWORD).await, Err(ErrorKind::Missing));
    server.sql("ALTER ROLE ci CONNECTION LIMIT 0");
    assert_eq!(ask(&url("ci", "ops"), PASSWORD).await, Err(ErrorKind::Full));
    drop(server);
    assert_eq!(ask(&url("ci", "ops"), PASSWORD).await, Err(ErrorKind::Unreachable));
}

/// Each statement, tried as the user of a runner.
#[tokio::test]
async fn runner_reads_and_replaces_the_rows_of_its_team_and_nothing_else() {
    let Some(server) = set_up("permissions") else { return };
    let url = format!("postgres://ci@localhost:{}/ops", server.port());
    let database =
        Database::new(&Parameters::resolve(&url, |_| None).unwrap(), Some(PASSWORD.to_owned()));
    let database = database.unwrap();
    for statement in [
        "SELECT * FROM login_cli.sign_ins",
        "SELECT team FROM login_cli.sign_ins",
        "UPDATE login_cli.sign_ins SET name = 'team-c'",
        "UPDATE login_cli.sign_ins SET team = 'other'",
        "INSERT INTO login_cli.sign_ins (name) VALUES ('x')",
        "DELETE FROM login_cli.sign_ins",
        "TRUNCATE login_cli.sign_ins",
        "DROP TABLE login_cli.sign_ins",
        "ALTER TABLE login_cli.sign_ins DISABLE TRIGGER ALL",
        "ALTER TABLE login_cli.sign_ins DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE login_cli.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE ROLE mine",
        "SET ROLE login_cli_owner",
        "COPY login_cli.sign_ins (document) TO '/tmp/stolen'",
        "SELECT pg_read_file('/etc/passwd')",
    ] {
        let kind = database.run(statement).await.map_err(|error| error.kind());
        assert_eq!(kind, Err(ErrorKind::Refused), "{statement}");
    }
    database
        .run("UPDATE login_cli.sign_ins SET version = version + 1, document = 'a'")
        .await
        .unwrap();
    let versions =
        server.sql("SELECT string_agg(name || version, ' ' ORDER BY name) FROM login_cli.sign_ins");
    assert_eq!(versions, "team-a1 team-b0");
}

/// As on a database service, whose customers are no superusers.
#[tokio::test]
async fn user_who_can_create_roles_sets_up_the_database() {
    let Some(server) = Server::start("a user who can create roles") else { return };
    server.sql(&format!("CREATE ROLE operator LOGIN CREATEROLE PASSWORD '{PASSWORD}'"));
    server.sql("GRANT CREATE ON DATABASE ops TO operator");
    server.create_user("ci");
    let url = |user: &str| format!("postgres://{user}@localhost:{}/ops", server.port());
    let database = |user: &str| {
        let parameters = Parameters::resolve(&url(user), |_| None).unwrap();
        Database::new(&parameters, Some(PASSWORD.to_owned())).unwrap()
    };
    // It can run again.
    for names in [&["team-a"][..], &["team-a", "team-b"]] {
        database("operator").run(&setup_sql("ci", names)).await.unwrap();
    }
    let count = "DO $$ BEGIN ASSERT (SELECT count(version) = 2 FROM login_cli.sign_ins); END $$";
    database("ci").run(count).await.unwrap();
    let owners = "SELECT string_agg(DISTINCT pg_get_userbyid(relowner)::text, ' ') FROM pg_class
                  WHERE relnamespace = 'login_cli'::regnamespace AND relkind = 'r'";
    assert_eq!(server.sql(owners), "login_cli_owner");
}

#[tokio::test]
async fn row_of_another_team_is_not_set_up_again() {
    let Some(server) = set_up("a row of another team") else { return };
    server.create_user("others");
    let parameters = format!("postgres://admin@/ops?host={}", server.socket().display());
    let parameters = Parameters::resolve(&format!("{parameters}&port={}", server.port()), |_| None);
    let database = Database::new(&parameters.unwrap(), None).unwrap();
    database.run(&setup_sql("ci", &["team-a", "team-c"])).await.unwrap();
    let error = database.run(&setup_sql("others", &["team-d", "team-a"])).await.unwrap_err();
    assert!(format!("{error:?}").contains("the row team-a belongs to the role ci"), "{error:?}");
    let rows = "SELECT string_agg(name || ' ' || team, ' ' ORDER BY name) FROM login_cli.sign_ins";
    assert_eq!(server.sql(rows), "team-a ci team-b other team-c ci");
    let functions = "SELECT string_agg(proname, ' ') FROM pg_proc
                     WHERE pronamespace = 'login_cli'::regnamespace";
    assert_eq!(server.sql(functions), "check_version");
}

/// A function or an operator of another schema would decide what the trigger accepts.
#[tokio::test]
async fn trigger_has_a_search_path_of_its_own() {
    let Some(server) = set_up("the search path of the trigger") else { return };
    server.sql(
        "CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO ci;
         CREATE FUNCTION other.equal(bigint, bigint) RETURNS bool LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR other.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = other.equal);
         ALTER ROLE ci SET search_path = other, pg_catalog",
    );
    let url = format!("postgres://ci@localhost:{}/ops", server.port());
    let parameters = Parameters::resolve(&url, |_| None).unwrap();
    let database = Database::new(&parameters, Some(PASSWORD.to_owned())).unwrap();
    let replaced = database.run("UPDATE login_cli.sign_ins SET document = 'a', version = 7").await;
    assert_eq!(replaced.unwrap_err().kind(), ErrorKind::Other);
}

#[tokio::test]
async fn standby_is_not_the_store_whatever_is_asked_for() {
    let Some(server) = set_up("a standby in front of the server") else { return };
    let standby = server.standby(Replication::Asynchronous);
    let ports = format!("{},{}", standby.port(), server.port());
    for attributes in ["any", "read-write"] {
        let url = format!(
            "postgres://ci@127.0.0.1,127.0.0.1/ops?port={ports}&target_session_attrs={attributes}"
        );
        let parameters = Parameters::resolve(&url, |_| None).unwrap();
        let database = Database::new(&parameters, Some(PASSWORD.to_owned())).unwrap();
        let stored = database.run("UPDATE login_cli.sign_ins SET claimed_by = 'a'").await;
        assert!(stored.is_ok(), "{attributes}: {stored:?}");
    }
}

/// No failover leads to it, so that it does not matter what it has.
#[tokio::test]
async fn receiver_of_the_log_is_no_standby() {
    let settings = ["fsync=on", "full_page_writes=on"];
    let Some(fleet) = Fleet::with_settings("a receiver of the log", &settings) else { return };
    let _receiver = fleet.server.receive_log();
    let database = fleet.database(fleet.server.port());
    // It sees the state once it may.
    for grant in ["", "GRANT pg_monitor TO ci"] {
        fleet.server.sql(grant);
        assert_eq!(database.durability().await.unwrap(), Durability::Durable);
    }
}

/// Otherwise a crash of the server could lose the only copy of a token that it has confirmed.
#[tokio::test]
async fn commit_is_durable_although_the_database_says_otherwise() {
    let Some(server) = set_up("a database with asynchronous commits") else { return };
    server.sql(
        "ALTER DATABASE ops SET synchronous_commit = off; CREATE TABLE seen (setting text);
         CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
           INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
         CREATE TRIGGER record AFTER UPDATE OF document ON login_cli.sign_ins
           FOR EACH ROW EXECUTE FUNCTION record()",
    );
    let keys = tempfile::tempdir().unwrap();
    postgres_store::Keys::create(keys.path().join("keys")).unwrap();
    let url = format!("postgres://ci@localhost:{}/ops", server.port());
    let parameters = Parameters::resolve(&url, |_| None).unwrap();
    let store = postgres_store::PostgresStore::new(postgres_store::Options {
        database: Database::new(&parameters, Some(PASSWORD.to_owned())).unwrap(),
        name: "team-a".to_owned(),
        keys: postgres_store::Keys::read(keys.path().join("keys")).unwrap(),
        folder: keys.path().join("cache"),
        holder: "test".to_owned(),
        now: crate::issuer::now,
    });
    store.save(Some(&crate::issuer::Tokens::new(0, 60))).await.unwrap();
    assert_eq!(server.sql("SELECT setting FROM seen"), "on");
}
