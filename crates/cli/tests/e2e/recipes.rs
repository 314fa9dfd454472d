//! The recipes of `docs/recipes.md`, as they are printed there, with the real programs, and the JSON Schema with a
//! validator of others.

use std::path::{Path, PathBuf};

use crate::scripts::{State, assert_ok};
use crate::support::report_skipped;

const RECIPES: &str = include_str!("../../../../docs/recipes.md");

/// The address of the document. A recipe that the test runs asks a server of its own.
const PLATFORM: &str = "https://api.openai.com/v1";

/// Runs a command while a server at `API` answers requests that have the stored key or token, and says
/// `ok` if there was one and none without.
const SERVER: &str = r#"
import http.server, os, subprocess, sys, threading
asked = []
class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        good = self.headers["Authorization"] in ["Bearer " + os.environ[it] for it in ("KEY", "TOKEN_STORED")]
        asked.append(good)
        body = b'{"object": "list", "data": []}'
        self.send_response(400 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = "http://127.0.0.1:%d/v1" % server.server_port
run = subprocess.run(sys.argv[1:], env=dict(os.environ, API=api, OPENAI_BASE_URL=api), capture_output=True, text=True)
print("ok" if asked and all(asked) else "%s %s" % (asked, run))
"#;

/// The first block of a language below a heading.
#[track_caller]
fn block(heading: &str, language: &str) -> &'static str {
    let (_, section) = RECIPES.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = section.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

/// A library that `.ci/run` installs to `target/tools`.
fn library(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Some(root.join("target/tools").join(path)).filter(|path| path.exists())
}

#[expect(clippy::disallowed_methods, reason = "a tool of the machine is looked for")]
fn program(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|it| it.join(name)).find(|it| it.is_file());
    if found.is_none() {
        report_skipped(&format!("the recipe: there is no {name} here"));
    }
    found.map(|it| it.display().to_string())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Runs a shell command beside the server.
#[track_caller]
fn assert_asks_with_credential(command: &str) {
    let Some(python) = program("python3") else { return };
    let script = format!("{python} -c {} sh -c {}", quoted(SERVER), quoted(command));
    assert_ok(&["/bin/sh", "-c"], &[(State::SignedIn, &script)]);
}

#[track_caller]
fn assert_shell_ok(script: &str) {
    assert_ok(&["/bin/bash", "-c"], &[(State::SignedIn, script)]);
}

#[test]
fn curl_reads_the_header_from_standard_input() {
    let Some(curl) = program("curl") else { return };
    let recipe = block("Which credential for what", "sh");
    let recipe = recipe.replace(PLATFORM, "$API").replace("curl", &curl);
    assert_asks_with_credential(&recipe);
    let with_token = recipe.replace("exec --", "exec --access-token-env TOKEN --");
    assert_asks_with_credential(&with_token.replace("$OPENAI_API_KEY", "$TOKEN"));
}

#[test]
fn openai_for_python_calls_a_function() {
    let (Some(python), Some(library)) = (program("python3"), library("openai-for-python")) else {
        return report_skipped("the recipe for Python: there is no openai-for-python here");
    };
    let program = format!(
        "import sys\nsys.path.append({library:?})\n{}\nclient.models.list()\n",
        block("Python and Node", "python")
    );
    assert_asks_with_credential(&format!("{python} -c {}", quoted(&program)));
}

#[test]
fn openai_for_node_calls_a_function() {
    let Some(library) = library("openai-for-node/node_modules/openai/index.mjs") else {
        return report_skipped("the recipe for Node: there is no openai-for-node here");
    };
    let recipe = block("Python and Node", "js");
    let recipe = recipe.replace("from \"openai\"", &format!("from {library:?}"));
    let program = format!("{recipe}\nawait client.models.list();\n");
    let command = format!("node --input-type=module --eval {}", quoted(&program));
    assert_asks_with_credential(&command);
}

#[test]
fn codex_cli_runs_a_command_for_its_provider() {
    let versions = include_str!("../../../../.ci/codex-versions").lines();
    for version in versions {
        let Some(codex) = program(&format!("codex-{version}")) else { continue };
        let config = block("Codex CLI", "toml")
            .replace("[\"token\"]", "[\"--codex-home\", \"HOME_OF_LOGIN\", \"token\"]");
        let command = format!(
            "mkdir codex && printf %s {} | sed \"s|{PLATFORM}|$API|; s|HOME_OF_LOGIN|$CODEX_HOME|\" >codex/config.toml
            CODEX_HOME=$PWD/codex {} exec --skip-git-repo-check hello </dev/null; rm -r codex",
            quoted(&config),
            codex,
        );
        assert_asks_with_credential(&command);
    }
}

/// The steps of the workflow, with what GitHub's runner does between them.
#[test]
fn steps_of_github_actions() {
    let workflow = block("GitHub Actions", "yaml");
    let steps: Vec<_> = workflow.split("- run:").skip(1).collect();
    let [sign_in, report] = steps[..] else { panic!("{workflow}") };
    let (sign_in, _) = sign_in.trim_start_matches([' ', '|']).split_once("\n  env:").unwrap();
    let (report, logout) = report.split_once("- if: always()").unwrap();
    let logout = logout.trim().trim_start_matches("run:");
    assert_shell_ok(&format!(
        "set -e; export RUNNER_TEMP=$PWD/temp GITHUB_ENV=$PWD/env; mkdir temp
        printf '#!/bin/sh\n[ \"$OPENAI_API_KEY\" = \"$KEY\" ] && echo ok\n' >report.sh; chmod +x report.sh
        ({sign_in}) 2>said; export \"$(cat env)\"; [ -f temp/codex/auth.json ]
        {report}
        {logout} 2>said; [ ! -e temp/codex/auth.json ]; rm -r temp env said report.sh"
    ));
    assert_shell_ok(
        "login-cli env --format dotenv >env; [ \"$(cat env)\" = \"OPENAI_API_KEY=$KEY\" ]; rm env; echo ok",
    );
    let (_, mask) = RECIPES.split_once("print `::add-mask::` first:\n`").unwrap();
    let (mask, _) = mask.split_once("`.").unwrap();
    assert_shell_ok(&format!("[ \"$({mask})\" = \"::add-mask::$TOKEN_STORED\" ] && echo ok"));
}

/// The key of the machine, which encrypts the credential, is a file of the test.
#[test]
fn systemd_decrypts_the_credential() {
    let Some(systemd) = program("systemd-creds") else { return };
    let recipe = block("systemd and cron", "sh")
        .replace("systemd-creds", &systemd)
        .replace("/etc/credstore.encrypted/openai_api_key", "encrypted");
    assert_shell_ok(&format!(
        "export SYSTEMD_CREDENTIAL_SECRET=$PWD/secret
        {{ {recipe} }} 2>said; {systemd} decrypt --name=openai_api_key encrypted - >decrypted 2>>said
        printf %s \"$KEY\" | cmp - decrypted && rm secret encrypted decrypted said && echo ok"
    ));
}

/// The user of the agent, who chooses the first account on the sign-in page.
const USER: &str = r#"
import re, urllib.parse, urllib.request
def sign_in(url):
    page = urllib.request.urlopen(url).read().decode()
    path = re.search("action=.([^ >]*[^ >\"])", page).group(1)
    fields = re.findall("name=\"(\\w+)\" value=\"([^\"]+)\"", page)
    form = urllib.parse.urlencode(dict(reversed(fields)))
    urllib.request.urlopen(urllib.parse.urljoin(url, path), form.encode()).read()
"#;

#[test]
fn agent_signs_its_user_in() {
    let Some(python) = program("python3") else { return };
    let recipe = block("An agent that signs its user in", "python")
        .replace("\"--no-browser\"", "\"--no-browser\", *sys.argv[1:]")
        .replace("print(\"To sign in, open\", event[\"url\"])", "sign_in(event[\"url\"])");
    let agent = quoted(&format!("import sys{USER}{recipe}"));
    let script = format!(
        "[ \"$({python} -c {agent} --issuer $ISSUER --port 0 2>said)\" = 'Signed in as ada@example.com' ] || cat said
        login-cli status >/dev/null && rm said && echo ok"
    );
    assert_ok(&["/bin/sh", "-c"], &[(State::SignedOut, &script)]);
}

#[test]
fn direnv_make_and_just() {
    const REPORT: &str = "printf '#!/bin/sh\n[ \"$OPENAI_API_KEY\" = \"$KEY\" ] && echo ok\n' >report.sh; chmod +x report.sh";
    for (name, language, file, command) in [
        ("direnv", "sh", ".envrc", "allow . && DIRENV exec . ./report.sh 2>/dev/null"),
        ("make", "make", "Makefile", "--silent report"),
        ("just", "just", "justfile", "report 2>/dev/null"),
    ] {
        let Some(program) = program(name) else { continue };
        let recipe = quoted(block("direnv, make, just", language));
        let command = format!("{program} {}", command.replace("DIRENV", &program));
        assert_shell_ok(&format!(
            "export HOME=$PWD; {REPORT}; printf %s {recipe} >{file}; {command}; rm -r {file} report.sh"
        ));
    }
}

/// The documents of some commands are valid.
const VALIDATION: &str = r##"
import json, jsonschema, subprocess
def run(*words):
    return json.loads(subprocess.run(["login-cli", *words, "--json"], capture_output=True).stdout)
schema = run("schema")
jsonschema.Draft202012Validator.check_schema(schema)
def validator(name):
    return jsonschema.Draft202012Validator({"$ref": "#/$defs/" + name, "$defs": schema["$defs"]})
for name in "status", "token", "env", "profiles", "doctor":
    validator(name).validate(run(name))
validator("failure").validate(run("token", "--profile", "nobody"))
assert not validator("token").is_valid({"id_token": 1})
print("ok")
"##;

#[test]
fn validator_of_python_accepts_the_documents() {
    let Some(library) = library("jsonschema") else {
        return report_skipped("the JSON Schema: there is no jsonschema here");
    };
    let program = format!("import sys\nsys.path.append({library:?}){VALIDATION}");
    let script = format!("/usr/bin/python3 -c {}", quoted(&program));
    assert_ok(&["/bin/sh", "-c"], &[(State::SignedIn, &script)]);
}
