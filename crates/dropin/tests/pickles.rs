//! Pickles against Python itself: what it writes is read, what is written it reads, with the same types; and no bytes do harm.

use std::io::Write;
use std::process::{Command, Stdio};

use dropin::Wrong;
use dropin::pickle::{PickleError, read, read_answer, write, write_answer};
use fail2ban::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// Reads lines `FORMAT HEX`; answers `repr` and the value pickled anew in every protocol that can.
const PYTHON: &str = r#"
import sys, pickle
for line in sys.stdin:
    value = pickle.loads(bytes.fromhex(line))
    print(repr(value).encode().hex())
    print(" ".join(pickle.dumps(value, protocol).hex() for protocol in range(6)))
"#;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A value as Python's `repr` shows it.
fn shown(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{text}'"),
        Value::Bytes(bytes) => format!("b'{}'", String::from_utf8_lossy(bytes)),
        Value::List(items) => format!("[{}]", list(items)),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", list(items)),
        Value::Tuple(items) => format!("({})", list(items)),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", list(items)),
        Value::Dict(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{}: {}", shown(key), shown(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// Texts without what `repr` escapes; sets of one, since they have no order; keys that differ, since Python keeps one of each.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-70_000..70_000_i64).prop_map(Value::Int),
        (-1_000_000..1_000_000_i64).prop_map(|number| Value::Float(number as f64 / 64.0)),
        "[a-zA-Z0-9 .:/äöπ漢😀-]{0,300}".prop_map(Value::Text),
        "[a-z0-9]{0,300}".prop_map(|text| Value::Bytes(text.into_bytes())),
    ];
    leaf.prop_recursive(5, 200, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Tuple),
            prop::option::of("[a-z]{0,9}")
                .prop_map(|text| Value::Set(text.map(Value::Text).into_iter().collect())),
            prop::collection::vec(inner, 0..6).prop_map(|values| {
                let key = |number| Value::Tuple(vec![Value::text("k"), Value::Int(number)]);
                Value::Dict(
                    values.into_iter().enumerate().map(|(at, value)| (key(at as i64), value)).collect(),
                )
            }),
        ]
    })
}

fn has(value: &Value, kind: fn(&Value) -> bool) -> bool {
    kind(value)
        || match value {
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                items.iter().any(|item| has(item, kind))
            }
            Value::Dict(pairs) => pairs.iter().any(|(key, value)| has(key, kind) || has(value, kind)),
            _ => false,
        }
}

#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn python_and_we_read_each_other() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = values();
    let many: Vec<Value> = (0..400).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs it");
    let mut input = python.stdin.take().unwrap();
    let sent: String = many.iter().map(|value| hex(&write(value)) + "\n").collect();
    let feeder = std::thread::spawn(move || input.write_all(sent.as_bytes()));
    let output = python.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    let mut lines = told.lines();
    let mut compared = 0;
    for value in &many {
        let repr = String::from_utf8(unhex(lines.next().unwrap())).unwrap();
        assert_eq!(repr, shown(value));
        for (protocol, pickled) in lines.next().unwrap().split(' ').enumerate() {
            let found = read(&unhex(pickled));
            // Older protocols have no way for those but to call something.
            let called = (protocol < 3 && has(value, |value| matches!(value, Value::Bytes(_))))
                || (protocol < 4 && has(value, |value| matches!(value, Value::Set(_))));
            if called {
                assert_eq!(found, Err(PickleError::Refused("GLOBAL")), "protocol {protocol}: {value:?}");
            } else {
                assert_eq!(found.as_ref(), Ok(value), "protocol {protocol}");
            }
            compared += 1;
        }
    }
    println!("{compared} pickles of Python's read, {} of ours read by Python", many.len());
}

proptest! {
    #[test]
    fn an_answer_is_read(value in values()) {
        prop_assert_eq!(read_answer(&write_answer(&Ok(value.clone()))), Ok(Ok(value)));
    }

    #[test]
    fn what_is_written_is_read(value in values()) {
        prop_assert_eq!(read(&write(&value)), Ok(value));
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = (read(&bytes), read_answer(&bytes));
    }

    #[test]
    fn no_instructions_do_harm(codes in prop::collection::vec(
        prop::sample::select(b"cRb(.01NJKMXSTU'\\]})ltdaesupqgrhj\x80\x85\x86\x87\x88\x8a\x8c\x8f\x90\x94\x95\x00\x01\n".to_vec()), 0..300)
    ) {
        let _ = (read(&codes), read_answer(&codes));
    }
}

#[test]
fn whatever_could_call_something_is_refused_by_name() {
    let cases: [(&[u8], PickleError); 16] = [
        (b"cos\nsystem\n(S'true'\ntR.", PickleError::Refused("GLOBAL")),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", PickleError::Refused("STACK_GLOBAL")),
        (b"NNR.", PickleError::Refused("REDUCE")),
        (b"NNb.", PickleError::Refused("BUILD")),
        (b"(ios\nsystem\n.", PickleError::Refused("INST")),
        (b"(No.", PickleError::Refused("OBJ")),
        (b"N)\x81.", PickleError::Refused("NEWOBJ")),
        (b"P1\n.", PickleError::Refused("PERSID")),
        (b"NQ.", PickleError::Refused("BINPERSID")),
        (b"\x82\x01.", PickleError::Refused("EXT")),
        (b"(\x91.", PickleError::Refused("FROZENSET")),
        (b"\x96\0\0\0\0\0\0\0\0.", PickleError::Refused("BYTEARRAY8")),
        (b"\x80\x06N.", PickleError::Protocol(6)),
        (b"\xff", PickleError::Unknown(0xff)),
        (b"\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01.", PickleError::BadNumber),
        (b"N.N", PickleError::Trailing),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(read(bytes), Err(wanted), "{bytes:?}");
    }
}

/// Reads lines of hexadecimal digits; answers what Python has for each, a text for what is none.
const STRINGS: &str = r#"
import sys, pickle
for line in sys.stdin:
    try:
        print(repr(pickle.loads(bytes.fromhex(line))).encode().hex())
    except Exception:
        print(b"no text".hex())
"#;

#[test]
fn strings_of_python_2_are_texts_as_for_python_3() {
    // So write the libraries of Go and JavaScript by which exporters ask.
    let cases: [&[u8]; 17] = [
        b"\x80\x02](U\x06statusU\x04sshde.",
        b"](T\x04\0\0\0pinge.",
        b"(lp0\nS'status'\np1\naS\"sshd\"\np2\na.",
        b"(lp1\nS'status'\np2\na.",
        br"S'a\x41\101\60\7z\\\'\q'
.",
        b"S'\\t\\n'\n.",
        b"S''\n.",
        b"U\0.",
        b"U\x02\xc3\xa4.",
        b"T\x01\0\0\0\xff.",
        b"S'\xe4'\n.",
        b"S'\\xe4'\n.",
        b"S'\\777'\n.",
        b"S'\\x4'\n.",
        b"S'a\n.",
        b"Sa\n.",
        b"S'\n.",
    ];
    let mut python = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", "-c", STRINGS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs it");
    let sent: String = cases.iter().map(|bytes| hex(bytes) + "\n").collect();
    python.stdin.take().unwrap().write_all(sent.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told.lines().count(), cases.len());
    for (bytes, line) in cases.iter().zip(told.lines()) {
        let wanted = String::from_utf8(unhex(line)).unwrap();
        let found = read(bytes).map_or("no text".to_owned(), |value| match value {
            Value::Text(text) => fail2ban::repr::repr(&Value::Text(text)),
            value => shown(&value),
        });
        assert_eq!(found, wanted, "{}", bytes.escape_ascii());
    }
}

#[test]
fn bombs_end_at_the_bounds() {
    // A list that holds itself.
    assert!(matches!(read(b"]q\0h\0a."), Err(PickleError::TooMuch("deep lists"))));
    // Lists in lists.
    let deep = [vec![b'('; 100_000], vec![b'l'; 100_000], vec![b'.']].concat();
    assert!(matches!(read(&deep), Err(PickleError::TooMuch(_))));
    // Twenty lists, each holding the one before ten times.
    let mut laughs = b"]".to_vec();
    for number in 0..20_u8 {
        laughs.extend_from_slice(&[b'q', number, b'(']);
        laughs.extend(std::iter::repeat_n([b'h', number], 10).flatten());
        laughs.push(b'l');
    }
    laughs.push(b'.');
    assert!(matches!(read(&laughs), Err(PickleError::TooMuch("many values"))));
    // One long text a thousand times.
    let mut text = vec![b'(', b'X'];
    text.extend_from_slice(&1_000_000_u32.to_le_bytes());
    text.extend(std::iter::repeat_n(b'x', 1_000_000));
    text.extend_from_slice(b"q\0");
    text.extend(std::iter::repeat_n(*b"h\0", 1000).flatten());
    text.extend_from_slice(b"l.");
    assert!(matches!(read(&text), Err(PickleError::TooMuch("many bytes"))));
    // A length that promises more than there is.
    assert_eq!(read(b"X\xff\xff\xff\xff"), Err(PickleError::Cut));
    assert_eq!(read(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), Err(PickleError::Cut));
}

#[test]
fn in_an_answer_a_class_is_a_name_and_nothing_else() {
    let fault = read_answer(&write_answer(&Err(Wrong::jail("sshd")))).unwrap().unwrap_err();
    assert_eq!((fault.class.as_str(), fault.args), ("UnknownJailException", vec![Value::text("sshd")]));
    // As Debian's server writes an address in a list of protocol 5.
    let address = b"\x80\x05K\x00]\x8c\x08builtins\x8c\x03str\x93\x8c\x09192.0.2.1\x85Ra\x86.";
    assert_eq!(read_answer(address), Ok(Ok(Value::texts(["192.0.2.1"]))));
    let called = b"K\x00cos\nsystem\n(V/bin/true\ntR\x86.";
    assert_eq!(read_answer(called).unwrap().unwrap_err().class, "system");
    assert!(read_answer(b"K\x00(cos\nsystem\n(V/bin/true\ntRl\x86.").is_err());
    assert!(read_answer(b"cos\nsystem\n.").is_err());
}
