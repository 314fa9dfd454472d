use super::Page;

/// In the order of the commands.
pub(super) const PAGES: &[Page] = &[
    PROGRAM,
    LOGIN,
    CREATE_KEY,
    ORGANIZATIONS,
    PROJECTS,
    STATUS,
    TOKEN,
    EXEC,
    REFRESH,
    LOGOUT,
    PROFILES,
    DOCTOR,
    COMPLETIONS,
];

const PROGRAM: Page = Page {
    command: "",
    description: "Without a command, it signs in with ChatGPT, as login-cli login does.",
    examples: &[
        ("Sign in with ChatGPT", "login-cli"),
        ("Sign in where there is no browser", "login-cli login --device"),
        ("Who is signed in, and until when", "login-cli status"),
        ("A valid access token, for a script", "TOKEN=$(login-cli token)"),
        ("A program with OPENAI_API_KEY set", "login-cli exec -- codex"),
        ("A new API key, for this shell", "OPENAI_API_KEY=$(login-cli create-key)"),
        ("What is in the way, and what helps", "login-cli doctor"),
    ],
    environment: &[
        ("CODEX_HOME", "folder of auth.json, unless --codex-home is given"),
        ("LOGIN_CLI_PROFILE", "profile, unless --profile is given"),
        ("LOGIN_CLI_STORE", "what holds the credentials, unless --store is given"),
        (
            "LOGIN_CLI_HELPER_TIMEOUT",
            "how long a helper or keyring may take, such as 30s [1m on a terminal, else 3s]",
        ),
        ("CODEX_CA_CERTIFICATE", "certificate authorities, unless --ca-file is given"),
        ("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "proxy for the servers, and the hosts that need none"),
        ("SSL_CERT_FILE, SSL_CERT_DIR", "certificate authorities in place of the system's"),
        ("BROWSER", "program that opens the address"),
        ("LOGIN_CLI_LOG", "error, warn, info or debug, which is what --verbose logs"),
        ("NO_COLOR, CLICOLOR_FORCE", "no colours, or colours everywhere, unless --color is given"),
    ],
    exit_codes: &[
        ("0", "done"),
        ("1", "failed; error: says what happened, hint: what to do"),
        ("2", "wrong usage"),
        ("3", "not signed in, or not any more"),
        ("13", "every callback port is in use"),
        ("130", "interrupted by Ctrl-C"),
        ("143", "terminated"),
    ],
};

const LOGIN: Page = Page {
    command: "login",
    description: "\
Your browser opens, and comes back to a port of this machine. Where it cannot, the address that it ends \
at can be pasted at the prompt. Whichever comes first ends the wait.

The new sign-in replaces the earlier one when it is complete. The tokens of another person's sign-in are \
revoked then; those of your own are not, because at some issuers that would end the new sign-in too.

Accounts without an API organization are signed in without an API key; --require-api-key makes that an error.",
    examples: &[
        ("In the browser of this machine", "login-cli login"),
        ("In a browser of another one", "login-cli login --no-browser"),
        ("On a phone, without typing the address", "login-cli login --qr"),
        ("With a code, where no port is reached", "login-cli login --device"),
        ("A second account beside the first", "login-cli login --profile work"),
        ("With an API key", "login-cli login --with-api-key < key.txt"),
        ("With an access token, in a CI job", "login-cli login --with-access-token < token.txt"),
        ("For one workspace of a company only", "login-cli login --workspace ID"),
    ],
    environment: &[],
    exit_codes: &[
        ("0", "signed in"),
        ("1", "not signed in, and the earlier sign-in is unchanged; or signed in without an API key"),
        ("2", "wrong usage"),
        ("13", "every callback port is in use"),
        ("130", "interrupted by Ctrl-C"),
        ("143", "terminated"),
    ],
};

const CREATE_KEY: Page = Page {
    command: "create-key",
    description: "\
It belongs to the default project of your default organization. Where there are more projects, it asks \
you on a terminal which of them you mean; a script is never asked, and gets the default one.",
    examples: &[
        ("For this shell", "OPENAI_API_KEY=$(login-cli create-key)"),
        ("The same, kept beside the sign-in", "login-cli create-key --save"),
        ("With a name to find it by later", "login-cli create-key --name laptop"),
        ("In one of the projects of an organization", "login-cli create-key --organization org-1"),
        ("In this project, asking nothing", "login-cli create-key --project proj_1 --json"),
    ],
    environment: &[],
    exit_codes: &[
        ("0", "the key is printed"),
        ("1", "failed; a key that was created is named"),
        ("2", "wrong usage"),
        ("13", "every callback port is in use"),
        ("130", "interrupted by Ctrl-C"),
        ("143", "terminated"),
    ],
};

const ORGANIZATIONS: Page = Page {
    command: "organizations",
    description: "\
They stand in the order in which create-key prefers them. Whoever is signed in is asked for nothing; \
otherwise the browser opens once, and nothing of that is stored.",
    examples: &[
        ("Ids, what is special, and names", "login-cli organizations"),
        ("The ids alone", "login-cli organizations --json | jq -r '.[].id'"),
    ],
    environment: &[],
    exit_codes: &[],
};

const PROJECTS: Page = Page {
    command: "projects",
    description: "\
They stand in the order in which create-key prefers them. Whoever is signed in is asked for nothing; \
otherwise the browser opens once, and nothing of that is stored. An organization that shows you no \
projects is listed all the same.",
    examples: &[
        ("Every organization, with its projects", "login-cli projects"),
        ("Those of one organization", "login-cli projects --organization org-1"),
        ("The ids alone", "login-cli projects --json | jq -r '.[].projects[]?.id'"),
    ],
    environment: &[],
    exit_codes: &[],
};

const STATUS: Page = Page {
    command: "status",
    description: "It reads what is stored, and asks no server.",
    examples: &[
        ("For a person", "login-cli status"),
        ("For a program", "login-cli status --json"),
        ("Sign in unless somebody is", "login-cli status || login-cli login"),
    ],
    environment: &[],
    exit_codes: &[("0", "signed in"), ("1", "failed"), ("3", "not signed in")],
};

const TOKEN: Page = Page {
    command: "token",
    description: "\
A token that is valid for a while is printed as it is stored. One that is about to end is refreshed \
first, by one of all the programs that ask.",
    examples: &[
        ("For a script", "TOKEN=$(login-cli token)"),
        ("Who signed in, as a JWT", "login-cli token --id-token"),
        ("The API key of the sign-in", "OPENAI_API_KEY=$(login-cli token --api-key)"),
    ],
    environment: &[],
    exit_codes: &[("0", "the token is printed"), ("1", "failed"), ("3", "not signed in")],
};

const EXEC: Page = Page {
    command: "exec",
    description: "\
The program takes the place of this one, with the terminal and the signals that are its own. Its \
environment is yours, with the key of the sign-in.",
    examples: &[
        ("With OPENAI_API_KEY set", "login-cli exec -- codex"),
        ("With an access token as well", "login-cli exec --access-token-env TOKEN -- ./report.sh"),
    ],
    environment: &[],
    exit_codes: &[
        ("1", "failed; the program was not started"),
        ("3", "not signed in"),
        ("126", "the program cannot be run"),
        ("127", "there is no such program"),
        ("else", "what the program ends with"),
    ],
};

const REFRESH: Page = Page {
    command: "refresh",
    description: "\
login-cli token and exec do so by themselves, whenever it is due. Where another program has just done \
it, its tokens are taken.",
    examples: &[("Now, whether it is due or not", "login-cli refresh")],
    environment: &[],
    exit_codes: &[
        ("0", "the tokens are new"),
        ("1", "failed; the old ones are kept where they still work"),
        ("3", "not signed in, or not any more"),
    ],
};

const LOGOUT: Page = Page {
    command: "logout",
    description: "\
The issuer may end other sign-ins of the same account with it; --local removes the credentials from this \
machine and revokes nothing. An access token that was brought with login --with-access-token is removed, \
and not revoked; nor is a sign-in that only another program understands. If the issuer cannot be reached, the sign-in is removed all the same.",
    examples: &[
        ("End the sign-in", "login-cli logout"),
        ("End that of one profile", "login-cli logout --profile work"),
        ("End all of them", "login-cli logout --all"),
        ("Remove it here, and leave its tokens valid", "login-cli logout --local"),
    ],
    environment: &[],
    exit_codes: &[
        ("0", "revoked and removed, or there was nothing to revoke"),
        ("1", "not revoked, or not removed; error: says which"),
    ],
};

const PROFILES: Page = Page {
    command: "profiles",
    description: "\
Each has a sign-in of its own. The one with the mark is the one that a command without --profile means.",
    examples: &[
        ("All of them", "login-cli profiles"),
        ("One more", "login-cli --profile work login"),
        ("Another one for this shell", "export LOGIN_CLI_PROFILE=work"),
    ],
    environment: &[],
    exit_codes: &[],
};

const DOCTOR: Page = Page {
    command: "doctor",
    description: "\
It looks at the stored credentials, the ports that the browser comes back to, the browser, the way to \
the servers with its names, proxy and certificate authorities, and the clock. Each finding is one line: \
ok, note, warn, or FAIL for what has to be repaired first. Where something can be done, the lines below \
say what.

It changes nothing, starts no browser and sends no secret: the servers are asked for their front page.",
    examples: &[
        ("A report to read, or to send to whoever helps", "login-cli doctor"),
        ("The same for a program", "login-cli doctor --json"),
        (
            "Whether that certificate authority is the right one",
            "login-cli doctor --ca-file corporate.pem",
        ),
    ],
    environment: &[],
    exit_codes: &[("0", "a sign-in can work"), ("1", "it cannot")],
};

const COMPLETIONS: Page = Page {
    command: "completions",
    description: "\
The script asks login-cli what fits while you type, so it need not be renewed with it. It asks no server.",
    examples: &[
        (
            "bash, in a file that bash-completion reads",
            "login-cli completions bash > ~/.local/share/bash-completion/completions/login-cli",
        ),
        ("bash, in ~/.bashrc", "source <(login-cli completions bash)"),
        ("zsh, in ~/.zshrc, behind compinit", "source <(login-cli completions zsh)"),
        ("fish", "login-cli completions fish > ~/.config/fish/completions/login-cli.fish"),
        (
            "PowerShell, in the file that $PROFILE names",
            "login-cli completions powershell | Out-String | Invoke-Expression",
        ),
        ("Elvish, in rc.elv", "eval (login-cli completions elvish | slurp)"),
    ],
    environment: &[],
    exit_codes: &[],
};
