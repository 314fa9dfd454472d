//! A hundred thousand queries against another reader of the same format: Python's `urllib.parse`.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::thread;

use super::{Parameter, Parameters};

const QUERIES: usize = 100_000;

/// It reads as we do, but for the differences that stand in it, each at its place.
const PYTHON: &str = r#"
import re, sys
from urllib.parse import parse_qsl, unquote_plus

NAMES = ['state', 'code', 'error', 'error_description', 'iss']

# Python leaves a `%` without two digits, and every raw character, as they are. For us neither is a
# value, because no encoder produces it.
WELL_FORMED = re.compile('([!-$&-~]|%[0-9A-Fa-f]{2})*')

# Python refuses all of a query when some of it is no UTF-8. We refuse the parameter, and only if it is
# one of ours; so Python is given one pair at a time.
def read(pair):
    try:
        return parse_qsl(pair, keep_blank_values=True, errors='strict')
    except UnicodeDecodeError:
        pass
    try:
        return [(unquote_plus(pair.partition('=')[0], errors='strict'), None)]
    except UnicodeDecodeError:
        return []

# Python gives all values of a name. Of two, we take neither.
def shown(values):
    if len(values) != 1:
        return 'repeated' if values else 'absent'
    return 'malformed' if values[0] is None else 'once ' + values[0].encode().hex()

for line in sys.stdin:
    given = {name: [] for name in NAMES}
    for pair in bytes.fromhex(line).decode().split('&'):
        for name, value in read(pair):
            if name in given:
                given[name].append(value if WELL_FORMED.fullmatch(pair) else None)
    print(*map(shown, given.values()), sep=', ')
"#;

const NAMES: [&str; 12] = [
    "state",
    "code",
    "error",
    "error_description",
    "iss",
    "x",
    "st%61te",
    "c%6Fde",
    "State",
    "code%00",
    "%zz",
    "",
];

/// What values are made of: encodings good and bad, and what is in no query at all.
const PIECES: [&str; 28] = [
    "a",
    "Z",
    "0",
    "-._~",
    "+",
    "%20",
    "%2B",
    "%26",
    "%3d",
    "%25",
    "%2525",
    "%C3%A9",
    "%f0%9f%94%91",
    "=",
    "%",
    "%2",
    "%zz",
    "%u0041",
    "%+1",
    "%00",
    "%0D%0a",
    "%c3",
    "%ff",
    "%c0%af",
    "%ed%a0%80",
    ";?#",
    " \r\n\0",
    "\u{e9}",
];

/// Queries by a generator whose sequence is the same in every run.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize
    }

    fn one_of(&mut self, all: &[&'static str]) -> &'static str {
        all[self.next() % all.len()]
    }

    fn query(&mut self) -> String {
        let pairs = self.next() % 7;
        (0..pairs).map(|_| self.pair()).collect::<Vec<_>>().join("&")
    }

    fn pair(&mut self) -> String {
        let pieces = self.next() % 4;
        let value: String = (0..pieces).map(|_| self.one_of(&PIECES)).collect();
        [self.one_of(&NAMES), self.one_of(&["=", "=", "=", ""]), &value].concat()
    }
}

fn send(queries: Vec<String>, pipe: ChildStdin) -> thread::JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let mut pipe = BufWriter::new(pipe);
        for query in &queries {
            writeln!(pipe, "{}", hex(query)).unwrap();
        }
        pipe.flush().unwrap();
        queries
    })
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_with_this_crate(query: &str) -> String {
    let Parameters { state, code, error, error_description, iss, .. } = Parameters::parse(query);
    [state, code, error, error_description, iss].map(shown).join(", ")
}

fn shown(parameter: Parameter) -> String {
    match parameter {
        Parameter::Absent => "absent".to_owned(),
        Parameter::Once(value) => format!("once {}", hex(&value)),
        Parameter::Repeated => "repeated".to_owned(),
        Parameter::Malformed => "malformed".to_owned(),
    }
}

// threats 15 18 37
#[test]
fn a_hundred_thousand_queries_are_read_as_python_reads_them() {
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON]).env("PYTHONUTF8", "1");
    let Ok(mut python) = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        // Past the capture of the test harness; `.ci/run` counts these lines.
        let line =
            b"not tested on this machine: a comparison with Python: there is no python3 here\n";
        let _ = std::io::stderr().write_all(line);
        return;
    };
    let mut generator = Generator(0x9e37_79b9_7f4a_7c15);
    let queries = (0..QUERIES).map(|_| generator.query()).collect();
    let sending = send(queries, python.stdin.take().unwrap());
    let lines = BufReader::new(python.stdout.take().unwrap());
    let theirs: Vec<String> = lines.lines().map(Result::unwrap).collect();
    let queries = sending.join().unwrap();
    assert!(python.wait().unwrap().success());

    assert_eq!(theirs.len(), queries.len());
    for (query, theirs) in queries.iter().zip(&theirs) {
        assert_eq!(&parse_with_this_crate(query), theirs, "{query:?}");
    }
    for kind in ["once ", "repeated", "malformed"] {
        assert!(theirs.iter().filter(|it| it.contains(kind)).count() > QUERIES / 20, "{kind}");
    }
}
