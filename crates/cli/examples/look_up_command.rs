//! Looks up a command, and what its help says beside the options.

fn main() {
    let definition = login_cli::definition();
    assert!(definition.find_subcommand("token").is_some());
    let page = login_cli::Page::for_command("token");
    assert!(page.is_some_and(|page| !page.examples.is_empty()));
}
