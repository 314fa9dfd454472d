//! `login-cli`; all of it is in the library.

fn main() -> std::process::ExitCode {
    login_cli::run()
}
