use proptest::prelude::*;

use super::*;

/// The programs that read the lines, where they are installed.
#[cfg(unix)]
mod programs {
    use std::io::{self, Write as _};
    use std::process::Command;

    use proptest::collection::vec;

    use super::*;

    /// Runs a program that prints the values of `V0`, `V1`… after it has read the lines, with a NUL byte
    /// after each. A program that is not installed is a counted skip.
    #[track_caller]
    fn assert_round_trip(
        format: EnvFormat,
        program: &[&str],
        script: fn(&str, &[String]) -> String,
    ) {
        let runner =
            ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() };
        let outcome =
            proptest::test_runner::TestRunner::new(runner).run(&vec("[!-~]{1,40}", 60), |values| {
                let allowed = |it: &&String| quote(format, "V", it).is_ok();
                let values: Vec<String> = values.iter().filter(allowed).cloned().collect();
                let names: Vec<String> = (0..values.len()).map(|it| format!("V{it}")).collect();
                let variables = names.iter().zip(&values).map(|(name, it)| (&**name, Some(&**it)));
                let lines = assignments(format, variables).unwrap();
                let Some(printed) = run(program, &script(&lines, &names)) else { return Ok(()) };
                let printed: Vec<&str> = printed.split_terminator('\0').collect();
                prop_assert_eq!(printed, values);
                Ok(())
            });
        outcome.unwrap();
    }

    /// What a program prints that gets this script as its last argument.
    fn run(program: &[&str], script: &str) -> Option<String> {
        let output = Command::new(program[0]).args(&program[1..]).arg(script).output();
        match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                report_skipped(program[0]);
                None
            }
            Ok(output) if output.status.code() == Some(MISSING) => {
                report_skipped("python-dotenv");
                None
            }
            output => {
                let output = output.unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Some(String::from_utf8(output.stdout).unwrap())
            }
        }
    }

    /// `.ci/run` counts these lines.
    fn report_skipped(what: &str) {
        let line = format!("not tested on this machine: there is no {what} here\n");
        let _ = io::stderr().write_all(line.as_bytes());
    }

    /// The exit code of a script whose library is not installed.
    const MISSING: i32 = 77;

    /// The lines, and a command that prints the variables from the environment of another process.
    fn printed_by_env(lines: &str, names: &[String]) -> String {
        let arguments: String = names.iter().map(|name| format!(" \"${name}\"")).collect();
        format!("{lines}\nprintf '%s\\0'{arguments}")
    }

    // threats 207
    #[test]
    fn shells_read_every_value_back() {
        for shell in ["sh", "bash", "dash", "zsh"] {
            assert_round_trip(EnvFormat::Sh, &[shell, "-c"], printed_by_env);
        }
        assert_round_trip(EnvFormat::Fish, &["fish", "--no-config", "-c"], printed_by_env);
    }

    /// Node parses `.env` files itself since 20.12 (`util.parseEnv`, `node --env-file`).
    #[test]
    fn node_reads_every_dotenv_value_back() {
        assert_round_trip(EnvFormat::Dotenv, &["node", "-e"], |lines, names| {
            format!(
                "const read = require('util').parseEnv(Buffer.from('{}', 'hex').toString());\n\
                 for (const name of {names:?}) process.stdout.write(read[name] + '\\0')",
                hex(lines)
            )
        });
    }

    /// The parser that most Python programs use.
    #[test]
    fn python_dotenv_reads_every_value_back() {
        assert_round_trip(EnvFormat::Dotenv, &["python3", "-c"], |lines, names| {
            let names = names.join(" ");
            let lines = hex(lines);
            format!(
                "import io, sys\n\
                 try: import dotenv\n\
                 except ImportError: sys.exit({MISSING})\n\
                 values = dotenv.dotenv_values(stream=io.StringIO(bytes.fromhex('{lines}').decode()))\n\
                 for name in '{names}'.split(): print(values[name], end='\\0')"
            )
        });
    }

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// `about_Quoting_Rules`: between single quotes, only a single quote is special, and two of them are one.
#[test]
fn powershell_quoting_round_trips() {
    proptest!(|(value in "[!-~]{1,60}")| {
        let lines = assignments(EnvFormat::Powershell, [("V", Some(&*value))].into_iter()).unwrap();
        let quoted = lines.strip_prefix("$env:V = '").and_then(|it| it.strip_suffix('\'')).unwrap();
        prop_assert!(quoted.split("''").all(|part| !part.contains('\'')));
        prop_assert_eq!(quoted.replace("''", "'"), value);
    });
}

#[track_caller]
fn assert_lines(format: EnvFormat, lines: &str) {
    let variables = [("KEY", None), ("TOKEN", Some("a.b-c_d"))];
    assert_eq!(*assignments(format, variables.into_iter()).unwrap(), lines);
}

#[test]
fn variable_without_a_value_is_removed() {
    assert_lines(EnvFormat::Sh, "unset KEY\nexport TOKEN='a.b-c_d'");
    assert_lines(EnvFormat::Fish, "set -eg KEY\nset -gx TOKEN 'a.b-c_d'");
    assert_lines(EnvFormat::Powershell, "$env:KEY = $null\n$env:TOKEN = 'a.b-c_d'");
    assert_lines(EnvFormat::Dotenv, "TOKEN=a.b-c_d");
}

#[test]
fn dotenv_refuses_what_programs_read_differently() {
    let dotenv = |value| quote(EnvFormat::Dotenv, "V", value).map(|it| it.to_string());
    assert_eq!(dotenv("sk-a_B.9~+/="), Ok("sk-a_B.9~+/=".to_owned()));
    assert_eq!(dotenv("a#b\"c`d"), Ok("'a#b\"c`d'".to_owned()));
    for value in ["a'b", "a\\b", "a$b", "${HOME}"] {
        assert!(dotenv(value).unwrap_err().contains("use --format json"), "{value}");
    }
}
