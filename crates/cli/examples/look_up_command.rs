//! Looks up a command, and the examples in its help.

fn main() {
    let definition = login_cli::definition();
    let token = definition.find_subcommand("token");
    let text = token.and_then(|it| it.get_after_long_help()).map(ToString::to_string);
    assert!(text.is_some_and(|text| text.starts_with("Examples:")));
}
