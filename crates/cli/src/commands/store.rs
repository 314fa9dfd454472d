use std::sync::Arc;
use std::time::Duration;

use auth_store::{
    Error as StoreError, ErrorKind, ExternalStore as _, FoundEntry, Import, Location,
};
use diagnostics::Status;
use postgres_store::{
    AuthRow, CachedToken, CallError, Database, Durability, Keys, RowStatus, setup_sql,
};
use serde_json::{Value, json};
use terminal_ui::{from_now, say};

use super::doctor_report::Row;
use crate::args::{ProfileName, StoreCommand, StoreImportArgs, StoreInitArgs, StoreKeyArgs};
use crate::context::Context;
use crate::environment::now;
use crate::error::CliError;
use crate::postgres::run as run_in_database;
use crate::profiles::Profiles;

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
    let (file, key, when) = match (&args.new, &args.add) {
        (Some(file), _) => (file, Keys::create(file), ""),
        (None, Some(file)) => (file, Keys::add(file), " before the next refresh"),
        // The command line has one of them.
        (None, None) => return Err(CliError::Usage("--new or --add is missing".to_owned())),
    };
    let key = key.map_err(CallError::from)?.to_string();
    let (terminal, shown) = (context.terminal, file.display());
    terminal.success(&format!("The first key of {shown} is now {key}."));
    terminal.say(&format!(
        "Copy the file to every machine{when}: what is sealed with this key can only be read with it."
    ));
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
    run_in_database(database.run(&sql)).map_err(|error| match error {
        CallError::Store(error) => CliError::StoreInit(error),
        other => other.into(),
    })?;
    let (role, names) = (&args.role, rows.join(", "));
    context.terminal.success(&format!("The database is set up: members of {role} use {names}."));
    Ok(context.output.document(|| document(true))?)
}

/// How long another process of this machine may read the row.
const LOCAL_WAIT: Duration = Duration::from_secs(5);

fn import(args: &StoreImportArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let file = profiles.file_of(args.from.as_ref().unwrap_or(&profiles.selected));
    let row = selected_row(&profiles)?;
    // Without a sign-in, no folder is created for the lock.
    login::stored::signed_in(file.load().map_err(of_store)?, &file)?;
    let mut locked = file.lock().map_err(of_store)?;
    let document = login::stored::signed_in(locked.load().map_err(of_store)?, &file)?;
    let import = Import::begin(locked, document, &row, LOCAL_WAIT).map_err(of_store)?;
    context.interruption.check()?;
    let (old, location) = (file.location(), profiles.store().location());
    let from = args.from.as_ref().map(|from| format!(" --from {}", from.as_str()));
    let again = format!("store import{}", from.unwrap_or_default());
    let found = import.found();
    let is_later = found == FoundEntry::Successor;
    if is_later || (found == FoundEntry::Other && !args.replace) {
        return Err(CliError::SignInExists { location, file: old, is_later, import: again });
    }
    // In spite of a signal: nobody may refresh it before the file is removed.
    context.interruption.finish_import(&again);
    let file = import.store().map_err(|error| {
        if error.kind() == ErrorKind::MayBeStored {
            context.terminal.warn(&may_be_in_both(&old, &again));
        }
        of_store(error)
    })?;
    file.remove().map_err(|error| {
        context.terminal.warn(&not_removed(&error, &old, &location, &again));
        of_store(error)
    })?;
    context.terminal.success(&match found {
        FoundEntry::Same => format!("Removed the sign-in from {old}: it is in {location} already."),
        _ => format!("Moved the sign-in from {old} to {location}."),
    });
    Ok(context.output.document(|| {
        json!({
            "profile": profiles.selected.as_str(),
            "moved_from": old.to_string(),
            "stored_in": location.to_string(),
            "replaced": found == FoundEntry::Other,
        })
    })?)
}

fn may_be_in_both(old: &Location, import: &str) -> String {
    format!("the sign-in may be in both places: run {import} again before anything uses {old}")
}

fn not_removed(error: &StoreError, old: &Location, location: &Location, import: &str) -> String {
    match error {
        StoreError::Changed { .. } => format!(
            "another program has refreshed {old}, which stays: the token in {location} may be used up; move the new \
             one with {import} --replace"
        ),
        _ => format!(
            "the sign-in is in {location}, and still in {old}: remove that file before something refreshes it"
        ),
    }
}

fn of_store(error: StoreError) -> CliError {
    login::Error::Store(error).into()
}

fn selected_row(profiles: &Profiles) -> Result<AuthRow, CliError> {
    let server = Arc::clone(profiles.server()?);
    Ok(AuthRow::new(server, profiles.selected.as_str()))
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
    // Before this command stores there what it reads.
    let cached = row.cached();
    let status = run_in_database(row.store()?.status())?;
    // It must also be possible to open it.
    run_in_database(row.store()?.read())?;
    let first = profiles.server()?.keys()?.first().to_string();
    let location = profiles.store().location();
    context.output.document(|| to_json(&status, &location, &first, cached.as_ref()))?;
    Ok(context.output.text(|| to_text(&status, &location, &first, cached.as_ref()))?)
}

/// The database of the sign-in, if it is in one.
pub(super) fn database(context: &Context) -> Option<Database> {
    context.profiles().ok()?.server().ok()?.database().ok()
}

/// What `doctor` says about the database. If it cannot be used, the store itself has a row. It blocks.
pub(super) fn durability(database: &Database) -> Option<Row> {
    let (status, found, remedy) = match run_in_database(database.durability()).ok()? {
        Durability::NoFsync => (
            Status::Warning,
            "a crash of the database can lose the newest token, because fsync is off",
            Some("set fsync = on and full_page_writes = on"),
        ),
        Durability::NoFullPageWrites => (
            Status::Warning,
            "a power failure of the database can damage the sign-in, because full_page_writes is off",
            Some(
                "set full_page_writes = on, unless its file system prevents torn pages, as ZFS does",
            ),
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

fn to_json(
    status: &RowStatus,
    location: &Location,
    first: &str,
    cached: Option<&CachedToken>,
) -> Value {
    let cache = |it: &CachedToken| json!({ "version": it.version, "checked_at": it.checked_at.to_string() });
    let holder = status.holder.as_ref();
    json!({
        "stored_in": location.to_string(),
        "version": status.version,
        "has_sign_in": status.sealed_with.is_some(),
        "key": status.sealed_with.map(|key| key.to_string()),
        "first_key": first,
        "holder": holder.map(|it| &it.name),
        "held_for_seconds": holder.map(|it| it.held_for.as_secs()),
        "cache": cached.map(cache),
    })
}

fn to_text(
    status: &RowStatus,
    location: &Location,
    first: &str,
    cached: Option<&CachedToken>,
) -> String {
    let key = status.sealed_with.map(|key| key.to_string());
    let sign_in = match &key {
        None => "none".to_owned(),
        Some(key) if key == first => format!("sealed with {key}, the first key of the key file"),
        Some(key) => format!("sealed with {key}; the first key of the key file is {first}"),
    };
    let claim = status.holder.as_ref().map_or("none".to_owned(), |holder| {
        format!("{}, for {} s", holder.name, holder.held_for.as_secs())
    });
    let cache = cached.map_or("empty".to_owned(), |token| {
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
