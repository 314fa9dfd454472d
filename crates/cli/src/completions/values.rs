use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ValueHint};

use crate::args::{SharedArgs, StoreKind};
use crate::environment;
use crate::profiles::Profiles;

/// The values that the shell completes better, because it knows `~` and quotes. The first word of a
/// command is a program, the `following` ones are its arguments.
pub(super) fn left_to_the_shell(argument: &Arg, following: usize) -> Option<&'static str> {
    match argument.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath => Some(":files"),
        ValueHint::DirPath => Some(":folders"),
        ValueHint::CommandWithArguments if following == 0 => Some(":commands"),
        ValueHint::CommandWithArguments => Some(":files"),
        _ => None,
    }
}

/// The known values of an argument on this machine.
pub(super) fn known(argument: &Arg, codex_home: Option<&str>) -> Vec<String> {
    match argument.get_id().as_str() {
        "profile" => profiles(codex_home.and_then(without_tilde)),
        "store" => stores(),
        _ => {
            let values = argument.get_possible_values();
            let shown = values.iter().filter(|value| !value.is_hide_set());
            shown.map(|value| value.get_name().to_owned()).collect()
        }
    }
}

/// A folder with its `~` expanded, which the shell does only for a complete command.
pub(super) fn without_tilde(folder: &str) -> Option<PathBuf> {
    match Path::new(folder).strip_prefix("~") {
        Ok(rest) => Some(environment::home()?.join(rest)),
        Err(_) => Some(folder.into()),
    }
}

/// The profiles in that folder; none if it cannot be read.
fn profiles(codex_home: Option<PathBuf>) -> Vec<String> {
    let shared = SharedArgs::usual().map(|usual| SharedArgs { codex_home, ..usual });
    let profiles = shared.and_then(|shared| Profiles::chosen(&shared).ok());
    let profiles =
        profiles.and_then(|profiles| profiles.names_of_folders().ok()).unwrap_or_default();
    profiles.iter().map(|name| name.as_str().to_owned()).collect()
}

/// The credential stores: the built-in ones, and the helpers in `PATH`.
fn stores() -> Vec<String> {
    let folders = environment::path().into_iter().filter_map(|folder| fs::read_dir(folder).ok());
    let programs = folders.flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut helpers: Vec<String> = programs.filter_map(|program| helper(&program)).collect();
    helpers.sort();
    helpers.dedup();
    let ours = if cfg!(feature = "keyring") { &["file", "keyring"][..] } else { &["file"] };
    ours.iter().map(ToString::to_string).chain(helpers).collect()
}

/// `helper:pass` for the program `docker-credential-pass`.
fn helper(program: &str) -> Option<String> {
    let program = program.strip_suffix(std::env::consts::EXE_SUFFIX)?;
    let kind = format!("helper:{}", program.strip_prefix("docker-credential-")?);
    kind.parse::<StoreKind>().is_ok().then_some(kind)
}
