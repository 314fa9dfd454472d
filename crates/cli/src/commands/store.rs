use std::sync::Arc;
use std::time::Duration;

use auth_store::{AuthDocument, Claim, Error as StoreError, ExternalStore as _, Location};
use diagnostics::Status;
use postgres_store::{Durability, Keys, RowStatus, setup_sql};
use serde_json::{Value, json};
use terminal_ui::{from_now, say};
use token_source::TryLock;

use super::doctor_report::Row;
use crate::args::{ProfileName, StoreCommand, StoreImportArgs, StoreInitArgs, StoreKeyArgs};
use crate::context::Context;
use crate::environment::now;
use crate::error::CliError;
use crate::postgres::{Error, PostgresRow, run as run_in_database};
use crate::profiles::Profiles;
use crate::signals;

/// `login-cli store`.
pub(crate) fn run(command: &StoreCommand, context: &Context) -> Result<(), CliError> {
    match command {
        StoreCommand::Init(args) => init(args, context),
        StoreCommand::Import(args) => import(args, context),
        StoreCommand::Status => status(context),
        StoreCommand::Rekey => rekey(context),
    }
}

/// `login-cli store-key`.
pub(crate) fn new_key(args: &StoreKeyArgs, context: &Context) -> Result<(), CliError> {
    let (file, key) = match (&args.new, &args.add) {
        (Some(file), _) => (file, Keys::create(file)),
        (None, Some(file)) => (file, Keys::add(file)),
        // The command line has one of them.
        (None, None) => return Err(CliError::Usage("--new or --add is missing".to_owned())),
    };
    let key = key.map_err(Error::from)?.to_string();
    let (terminal, shown) = (context.terminal, file.display());
    terminal.success(&format!("The first key of {shown} is now {key}."));
    terminal.say(
        "Copy the file to every machine: what is sealed with this key can only be read with it.",
    );
    Ok(context.output.document(|| json!({ "key_file": shown.to_string(), "key": key }))?)
}

fn init(args: &StoreInitArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let selected = [profiles.selected.clone()];
    let rows = if args.rows.is_empty() { &selected[..] } else { &args.rows };
    let rows: Vec<&str> = rows.iter().map(ProfileName::as_str).collect();
    let sql = setup_sql(&args.role, &rows);
    let document =
        |is_done| json!({ "role": args.role, "rows": rows, "is_done": is_done, "sql": sql });
    if args.print {
        context.output.document(|| document(false))?;
        return Ok(context.output.text(|| sql.trim_end())?);
    }
    let database = profiles.server()?.database()?;
    run_in_database(database.run(&sql))?;
    let (role, names) = (&args.role, rows.join(", "));
    context.terminal.success(&format!("The database is set up: members of {role} use {names}."));
    Ok(context.output.document(|| document(true))?)
}

/// Stores the sign-in in the row before it removes the file: a copy too many can be removed, one too few
/// is lost.
fn import(args: &StoreImportArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let (row, file) = (selected_row(&profiles)?, profiles.file());
    let stored = |error: StoreError| CliError::from(login::Error::Store(error));
    // Without a sign-in, no folder is created for the lock.
    login::stored::signed_in(file.load().map_err(stored)?, &file)?;
    let mut locked = file.lock().map_err(stored)?;
    let document = login::stored::signed_in(locked.load().map_err(stored)?, &file)?;
    locked.check_removable().map_err(stored)?;
    let mut claim = claim(&row)?;
    let location = profiles.store().location();
    let replaced = claim.read().map_err(|error| failed(&row, error))?;
    let has_sign_in =
        |text: &[u8]| AuthDocument::from_bytes(text).is_none_or(|it| it.is_signed_in());
    let is_replaced = replaced.is_some_and(|text| has_sign_in(&text));
    if is_replaced && !args.replace {
        return Err(CliError::SignInExists { location });
    }
    let text = document.to_bytes().map_err(Error::Runtime)?;
    signals::set_finishing(true);
    if !claim.replace(Some(&text)).map_err(|error| failed(&row, error))? {
        return Err(stored(StoreError::Changed { name: row.name() }));
    }
    let old = file.location().to_string();
    if let Err(error) = locked.remove() {
        context.terminal.warn(&format!(
            "the sign-in is in {location}, and still in {old}: remove that file before something refreshes it"
        ));
        return Err(stored(error));
    }
    context.terminal.success(&format!("Moved the sign-in from {old} to {location}."));
    Ok(context.output.document(|| {
        json!({
            "profile": profiles.selected.as_str(),
            "moved_from": old,
            "stored_in": location.to_string(),
            "replaced": is_replaced,
        })
    })?)
}

fn claim(row: &PostgresRow) -> Result<Box<dyn Claim>, CliError> {
    let held = |holder| {
        let (name, waited) = (row.name(), Duration::ZERO);
        login::Error::Store(StoreError::Claimed { name, waited, holder }).into()
    };
    match row.try_claim().map_err(|error| failed(row, error))? {
        TryLock::Locked(Some(claim)) => Ok(claim),
        TryLock::Locked(None) => Err(held(None)),
        TryLock::Held(holder) => Err(held(holder)),
    }
}

fn failed(row: &PostgresRow, source: auth_store::ExternalStoreError) -> CliError {
    login::Error::Store(StoreError::External { name: row.name(), source }).into()
}

fn selected_row(profiles: &Profiles) -> Result<PostgresRow, CliError> {
    let server = Arc::clone(profiles.server()?);
    Ok(PostgresRow::new(server, profiles.selected.as_str()))
}

fn rekey(context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let row = selected_row(&profiles)?;
    let is_changed = run_in_database(row.store()?.rekey())?;
    let key = profiles.server()?.keys()?.first().to_string();
    let location = row.name();
    context.terminal.success(&match is_changed {
        true => format!("{location} is now sealed with the key {key}."),
        false => format!("Nothing to do: {location} is sealed with the key {key}, or empty."),
    });
    let document = || json!({ "stored_in": location, "key": key, "is_changed": is_changed });
    Ok(context.output.document(document)?)
}

fn status(context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let row = selected_row(&profiles)?;
    let status = run_in_database(row.store()?.status())?;
    // It must also be possible to open it.
    run_in_database(row.store()?.read())?;
    let first = profiles.server()?.keys()?.first().to_string();
    let location = profiles.store().location();
    context.output.document(|| to_json(&status, &location, &first))?;
    Ok(context.output.text(|| to_text(&status, &location, &first, &row))?)
}

/// What `doctor` says about the database of the sign-in. If it cannot be used, the store itself has a row.
pub(super) fn durability(context: &Context) -> Option<Row> {
    let database = context.profiles().ok()?.server().ok()?.database().ok()?;
    let (status, found, remedy) = match run_in_database(database.durability()).ok()? {
        Durability::NoFsync => (
            Status::Warning,
            "a crash of the database can lose the newest token, because fsync is off",
            Some("set fsync = on and full_page_writes = on"),
        ),
        Durability::AsynchronousStandby => (
            Status::Warning,
            "a failover can lose the newest token, because no standby is synchronous",
            Some("name a standby in synchronous_standby_names"),
        ),
        _ => (Status::Ok, "a stored token survives a crash", None),
    };
    Some(Row { area: "store", status, ..Row::new("database", found).only_remedy(remedy.map(say)) })
}

fn to_json(status: &RowStatus, location: &Location, first: &str) -> Value {
    let holder = status.holder.as_ref();
    json!({
        "stored_in": location.to_string(),
        "version": status.version,
        "has_sign_in": status.sealed_with.is_some(),
        "key": status.sealed_with.map(|key| key.to_string()),
        "first_key": first,
        "holder": holder.map(|it| &it.name),
        "held_for_seconds": holder.map(|it| it.held_for.as_secs()),
    })
}

fn to_text(status: &RowStatus, location: &Location, first: &str, row: &PostgresRow) -> String {
    let key = status.sealed_with.map(|key| key.to_string());
    let sign_in = match &key {
        None => "none".to_owned(),
        Some(key) if key == first => format!("sealed with {key}, the first key of the key file"),
        Some(key) => format!("sealed with {key}; the first key of the key file is {first}"),
    };
    let claim = status.holder.as_ref().map_or("none".to_owned(), |holder| {
        format!("{}, for {} s", holder.name, holder.held_for.as_secs())
    });
    let cache = row.cached().map_or("empty".to_owned(), |token| {
        format!("version {}, checked {}", token.version, from_now(token.checked_at, now()))
    });
    let rows = [
        ("Row", location.to_string()),
        ("Version", status.version.to_string()),
        ("Sign-in", sign_in),
        ("Claim", claim),
        ("Cache", cache),
    ];
    rows.map(|(name, text)| format!("{name:<14}{text}")).join("\n")
}
