//! Scripts as people write them. Each row says `ok`, and nothing else appears on either output.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Printed, StoredSignIn, World, program, report_skipped};

const KEY: &str = "sk-proj-a-key-that-was-stored";

/// What is stored when the script starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    SignedIn,
    /// The access token has expired, and can be refreshed.
    Expired,
    SignedOut,
}

use State::{Expired, SignedIn, SignedOut};

/// Runs scripts with `login-cli` in `PATH`, `KEY` and `TOKEN_STORED` as they are stored, and `ISSUER`.
/// `FISH`, `PYTHON` and `NODE` read the same variables.
#[track_caller]
pub(crate) fn assert_ok(interpreter: &[&str], scripts: &[(State, &str)]) {
    if !Path::new(interpreter[0]).exists() {
        report_skipped(&format!("there is no {} here", interpreter[0]));
        return;
    }
    for (state, script) in scripts {
        let world = World::new();
        let seconds_left = if *state == Expired { -3600 } else { 3600 };
        let sign_in = StoredSignIn::new(&world, seconds_left).with_key(&world, KEY);
        let token = sign_in.access_token.clone();
        if *state != SignedOut {
            sign_in.stored(&world);
        }
        symlink(program(), world.path("bin/login-cli")).unwrap();
        let path = format!("{}:/usr/bin:/bin", world.path("bin").display());
        let words = interpreter.iter().chain([script]).copied();
        let start = world.program([""; 0]).under(words).without_env("PATH");
        let start = start.env("PATH", path).env("KEY", KEY).env("TOKEN_STORED", token);
        let start = start.env("ISSUER", world.sandbox.issuer_url()).env("LOGIN_CLI_LOG", "error");
        let finished = start.allowed_to_print(Printed::Nothing).run();
        assert_eq!((&*finished.stdout, &*finished.stderr), ("ok\n", ""), "{script}");
        finished.exits(0);
    }
}

#[test]
fn bash_scripts() {
    assert_ok(
        &["/bin/bash", "-c"],
        &[
            (SignedIn, r#"TOKEN=$(login-cli token); [ "$TOKEN" = "$TOKEN_STORED" ] && echo ok"#),
            (
                SignedIn,
                "set -euo pipefail\nlogin-cli status | head -n 1 | grep -q 'Signed in' && echo ok",
            ),
            (
                SignedIn,
                "login-cli --help | head -n 1 >/dev/null; login-cli completions bash | head -c 1 >/dev/null; echo ok",
            ),
            (
                SignedIn,
                "login-cli doctor --help | true; login-cli profiles | true; login-cli status | true; echo ok",
            ),
            (
                SignedIn,
                r#"set -euo pipefail
                export OPENAI_API_KEY="$(login-cli token --api-key)"
                [ "$(printenv OPENAI_API_KEY)" = "$KEY" ] && echo ok"#,
            ),
            (
                SignedIn,
                r#"set -euo pipefail; eval "$(login-cli env)"; [ "$(printenv OPENAI_API_KEY)" = "$KEY" ] && echo ok"#,
            ),
            (
                SignedIn,
                r#"set -a; . <(login-cli env --format dotenv --access-token-env T); set +a
                [ "$(printenv T)$(printenv OPENAI_API_KEY)" = "$TOKEN_STORED$KEY" ] && echo ok"#,
            ),
            (
                SignedIn,
                r#"read -r TOKEN < <(login-cli token); [ "$TOKEN" = "$TOKEN_STORED" ] && echo ok"#,
            ),
            (SignedIn, "diff <(login-cli token) <(login-cli token) && echo ok"),
            (
                SignedIn,
                "printf '%s\\n' status profiles token | xargs -n 1 login-cli >/dev/null && echo ok",
            ),
            (
                SignedIn,
                "login-cli token >&- && login-cli status >/dev/null 2>&- && login-cli token >/dev/null <&- && echo ok",
            ),
            (SignedIn, "mkdir d && cd d && rmdir ../d && login-cli token >/dev/null && echo ok"),
            (SignedIn, "ulimit -n 20; login-cli token >/dev/null && echo ok"),
            (
                SignedIn,
                "trap 'login-cli logout --local 2>/dev/null; login-cli status >/dev/null 2>&1; [ $? = 3 ] && echo ok' EXIT",
            ),
            (
                Expired,
                r#"set -euo pipefail
                for i in 1 2 3 4 5; do login-cli --issuer "$ISSUER" token >t$i & done; wait
                [ "$(sort -u t? | wc -l)" = 1 ] && ! grep -qF "$TOKEN_STORED" t1 && rm t? && echo ok"#,
            ),
            (
                Expired,
                r#"umask 0; login-cli --issuer "$ISSUER" refresh 2>/dev/null; [ "$(stat -c %a "$CODEX_HOME/auth.json")" = 600 ] && echo ok"#,
            ),
            (
                SignedOut,
                "if login-cli status >/dev/null 2>&1; then exit 1; else [ $? = 3 ] && echo ok; fi",
            ),
            (
                SignedOut,
                r#"set -e; lines=$(login-cli env 2>/dev/null) || { [ $? = 3 ] && [ -z "$lines" ] && echo ok; }"#,
            ),
            (
                SignedOut,
                r#"set -eu; eval "$(login-cli env 2>/dev/null)"; [ -z "${OPENAI_API_KEY+x}" ] && echo ok"#,
            ),
            (
                SignedOut,
                r#"printf '%s\n' "$KEY" | login-cli login --with-api-key 2>/dev/null; login-cli exec -- sh -c '[ "$OPENAI_API_KEY" = "$KEY" ] && echo ok'"#,
            ),
        ],
    );
}

/// A program of `exec` has the pipes, the exit code and the signals of its own.
#[test]
fn exec_in_scripts() {
    assert_ok(
        &["/bin/sh", "-c"],
        &[
            (SignedIn, "echo ok | login-cli exec -- cat"),
            (SignedIn, "login-cli exec -- sh -c 'exit 7'; [ $? = 7 ] && echo ok"),
            (
                SignedIn,
                r#"[ "$(login-cli exec --api-key-env K -- printenv K)" = "$KEY" ] && echo ok"#,
            ),
            (SignedIn, "timeout -s TERM 1 login-cli exec -- sleep 60; [ $? = 124 ] && echo ok"),
            (SignedIn, "login-cli exec -- yes 2>/dev/null | head -n 1 | sed s/y/ok/"),
        ],
    );
}

/// What cron, systemd and containers leave out: `HOME`, a terminal, a locale, a writable folder.
#[test]
fn bare_environments() {
    assert_ok(
        &["/bin/sh", "-c"],
        &[
            (SignedIn, "unset HOME; login-cli token >/dev/null && echo ok"),
            (
                SignedIn,
                r#"env -i PATH="$PATH" CODEX_HOME="$CODEX_HOME" login-cli token >/dev/null && echo ok"#,
            ),
            (
                SignedIn,
                r#"cd / && env -i HOME=/ LOGNAME=ada SHELL=/bin/sh PATH="$PATH" CODEX_HOME="$CODEX_HOME" \
                sh -c 'login-cli status >/dev/null && login-cli exec -- printenv OPENAI_API_KEY >/dev/null && echo ok'"#,
            ),
            (
                Expired,
                r#"env -i PATH="$PATH" CODEX_HOME="$CODEX_HOME" INVOCATION_ID=1 JOURNAL_STREAM=8:1 LANG=C \
                setsid --wait login-cli --issuer "$ISSUER" token </dev/null >/dev/null && echo ok"#,
            ),
            (SignedIn, "nohup login-cli token >/dev/null 2>&1 && echo ok"),
            (
                SignedIn,
                "TERM=dumb NO_COLOR=1 LC_ALL=C COLUMNS=1 login-cli status >/dev/null && echo ok",
            ),
        ],
    );
}

#[test]
fn dash_scripts() {
    assert_ok(
        &["/bin/dash", "-c"],
        &[
            (
                SignedIn,
                r#"set -eu; eval "$(login-cli env)"; [ "$(printenv OPENAI_API_KEY)" = "$KEY" ] && echo ok"#,
            ),
            (
                SignedIn,
                r#"login-cli env >vars && . ./vars && rm vars && [ "$(printenv OPENAI_API_KEY)" = "$KEY" ] && echo ok"#,
            ),
        ],
    );
}

#[test]
fn fish_scripts() {
    assert_ok(
        &["/usr/bin/fish", "--no-config", "-c"],
        &[
            (
                SignedIn,
                r#"login-cli env --format fish | source; test (printenv OPENAI_API_KEY) = $KEY; and echo ok"#,
            ),
            (
                SignedIn,
                r#"set -x TOKEN (login-cli token); or exit; test (printenv TOKEN) = $TOKEN_STORED; and echo ok"#,
            ),
            (
                SignedOut,
                r#"login-cli env --format fish 2>/dev/null | source; test $pipestatus[1] = 3; and not set -q OPENAI_API_KEY; and echo ok"#,
            ),
        ],
    );
}

#[test]
fn python_scripts() {
    assert_ok(
        &["/usr/bin/python3", "-c"],
        &[
            (
                SignedIn,
                "import subprocess as s\nfor args in ['token'], ['status'], ['env']:\n  s.run(['login-cli', *args], stdout=s.DEVNULL, check=True)\nprint('ok')",
            ),
            (
                SignedIn,
                "import os, subprocess as s\nassert s.check_output(['login-cli', 'token'], text=True).rstrip() == os.environ['TOKEN_STORED']\nprint('ok')",
            ),
            (
                SignedIn,
                "import json, subprocess as s\ndoc = json.loads(s.check_output(['login-cli', 'status', '--json']))\nassert doc['usable'] and doc['issuer'] and doc['email'] == 'ada@example.com'\nprint('ok')",
            ),
            (
                SignedIn,
                "import json, os, subprocess as s\nos.environ.update(json.loads(s.check_output(['login-cli', 'env', '--json'])))\nassert os.environ['OPENAI_API_KEY'] == os.environ['KEY']\nprint('ok')",
            ),
            (
                SignedOut,
                "import json, subprocess as s\nrun = s.run(['login-cli', 'token', '--json'], capture_output=True, start_new_session=True)\nerror = json.loads(run.stdout)['error']\nassert run.returncode == 3 == error['exit_code'] and error['kind'] == 'not_signed_in'\nprint('ok')",
            ),
        ],
    );
}

#[test]
fn node_scripts() {
    assert_ok(
        &["/usr/bin/node", "-e"],
        &[
            (
                SignedIn,
                "const run = (...words) => require('child_process').execFileSync('login-cli', words, { encoding: 'utf8' });\nif (run('token').trim() === process.env.TOKEN_STORED) console.log('ok')",
            ),
            (
                SignedIn,
                "const run = (...words) => require('child_process').execFileSync('login-cli', words, { encoding: 'utf8' });\nObject.assign(process.env, JSON.parse(run('env', '--json')));\nif (process.env.OPENAI_API_KEY === process.env.KEY) console.log('ok')",
            ),
            (
                SignedIn,
                "const run = (...words) => require('child_process').spawnSync('login-cli', words, { stdio: 'ignore' }).status;\nif (run('token') === 0 && run('status') === 0) console.log('ok')",
            ),
            (
                SignedOut,
                "const run = require('child_process').spawnSync('login-cli', ['status', '--json'], { encoding: 'utf8' });\nif (run.status === 3 && JSON.parse(run.stdout).signed_in === false) console.log('ok')",
            ),
        ],
    );
}
