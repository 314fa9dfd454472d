//! `login-cli`; all of it is in the library.

/// The allocator of musl returns freed memory to the system, also what a save has reserved: where no memory is left,
/// a refresh would lose the new tokens.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::process::ExitCode {
    login_cli::run()
}
