//! The commands about a sign-in that machines share.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueHint};

use super::help::help;
use super::values::{ProfileName, name, path};

#[derive(Debug, Args)]
#[command(next_help_heading = "Key", group = ArgGroup::new("change").required(true))]
pub(crate) struct StoreKeyArgs {
    /// Create a key file with one key, mode 0600; it never overwrites a file
    #[arg(long, value_name = "FILE", value_parser = path(), value_hint = ValueHint::FilePath, group = "change")]
    pub(crate) new: Option<PathBuf>,
    /// Add a key in front of the others; it seals from now on, and the others still open
    #[arg(long, value_name = "FILE", value_parser = path(), value_hint = ValueHint::FilePath, group = "change")]
    pub(crate) add: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Set up a database, or print the SQL for it
    ///
    /// It creates a table with row-level security, and a row for each name. It can run again: what exists
    /// stays. The user of --store has to be able to create roles.
    #[command(after_long_help = help(include_str!("help/store-init.txt")))]
    Init(StoreInitArgs),
    /// Move the sign-in of this machine into its row
    ///
    /// The sign-in is removed from auth.json, because two places must never refresh the same one. Codex CLI
    /// is then signed out here.
    #[command(after_long_help = help(include_str!("help/store-import.txt")))]
    Import(StoreImportArgs),
    /// Show the row, its key, its claim, and what this machine has cached
    #[command(after_long_help = help(include_str!("help/store-status.txt")))]
    Status,
    /// Seal the row again, with the first key of the key file
    #[command(after_long_help = help(include_str!("help/store-rekey.txt")))]
    Rekey,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct StoreInitArgs {
    /// The role whose members use the rows; it has to exist
    #[arg(long, value_name = "ROLE", value_parser = name)]
    pub(crate) role: String,
    /// Create this row; repeatable [default: the name of the profile]
    #[arg(long = "row", value_name = "NAME")]
    pub(crate) rows: Vec<ProfileName>,
    /// Print the SQL, and connect to nothing
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct StoreImportArgs {
    /// Replace the sign-in that is in the row
    #[arg(long)]
    pub(crate) replace: bool,
    /// Move the sign-in of this profile of the machine [default: the profile of the row]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) from: Option<ProfileName>,
}
