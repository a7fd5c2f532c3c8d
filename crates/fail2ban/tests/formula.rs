//! Ban times must come out as Debian's fail2ban works them out, by Python itself.

use std::io::Write;
use std::process::{Command, Stdio};

use fail2ban::formula::{BanTime, DEFAULT, Expression, Number, Options, Why};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Option sets: formula, multipliers, factor, maxtime, rndtime.
type Set = [&'static str; 5];

const SETS: &[Set] = &[
    ["", "", "", "", ""],
    [DEFAULT, "", "", "", ""],
    ["", "", "2", "", ""],
    ["", "", "0.5", "30d", ""],
    ["", "", "-1", "1y", ""],
    ["", "", "2.0 / 2.885385", "", "600"],
    ["ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)", "", "2.0 / 2.885385", "", ""],
    ["ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)", "", "1", "1w", "1h"],
    ["", "1 2 4 8 16 32 64", "", "", ""],
    ["", "1 5 30 60 300 720 1440 2880", "2", "5w", ""],
    ["ban.Time * 99", "3", "", "", "1d"],
    ["ban.Time * 2**ban.Count", "", "", "", ""],
    ["ban.Time * 2**ban.Count * banFactor", "", "1.5", "1mo", "90"],
    ["ban.Time ** ban.Count ** 0.5", "", "", "", ""],
    ["ban.Time if ban.Count < 3 else ban.Time * 10 if ban.Count < 6 else 1e7", "", "", "", ""],
    ["ban.Time * (1 << min(ban.Count, 10)) + -ban.Count % 7 - (7 // -2)", "", "", "", ""],
    ["ban.Time * (ban.Count >= 2) + (1 < ban.Count < 5) * 1000", "", "", "", ""],
    ["ban.Count > 3 and ban.Time * 9 or ban.Time * 3", "", "", "", ""],
    ["not ban.Count or ban.Time", "", "", "", ""],
    ["int(ban.Time * math.log(ban.Count + 1, 2)) + round(ban.Count / 2) * 100", "", "", "", ""],
    ["round(ban.Time * math.sqrt(ban.Count), 2)", "", "", "", ""],
    ["max(ban.Time, 3600, ban.Count * 86400)", "", "", "", ""],
    ["abs(-ban.Time) * pow(2, ban.Count) // 3 * 1_000 + 0.1e1", "", "", "", ""],
    [
        "ban.Time * math.pow(ban.Count, 3) % 86400.5 + math.floor(2.7) + math.ceil(2.1) + math.e",
        "",
        "",
        "",
        "",
    ],
    ["1.5 * ban.Time // 7 + (-7.5 // 2) + (-7.5 % 2) + (7 % -3)", "", "", "", ""],
    ["ban.Time * ~2", "", "", "", ""],
    ["ban.Time & 255 | ban.Count ^ 3 << 2 >> 1", "", "", "", ""],
    ["ban.Time / (ban.Count - 2)", "", "", "", ""],
    ["ban.Time * math.log(ban.Count - 2)", "", "", "", ""],
    ["ban.Time * math.exp(ban.Count * 100)", "", "", "", ""],
    ["1 << ban.Count - 3", "", "", "", ""],
    ["ban.Time * (1 << ban.Count * 2)", "", "", "30d", ""],
    ["int(ban.Time + 1) * 3 ** (ban.Count * 10)", "", "", "30d", ""],
    ["1.0 << ban.Count", "", "", "", ""],
    ["(-8) ** 0.5 + ban.Time", "", "", "", ""],
    ["2 ** -ban.Count * 1e6", "", "", "", ""],
    ["-2 ** 2 + ban.Time * +ban.Count", "", "", "", ""],
    ["ban.Count == 1 != 0", "", "", "", ""],
    ["ban.Time * 007", "", "", "", ""],
    ["ban.Time * 1__0", "", "", "", ""],
    ["ban.Time +", "", "", "", ""],
    ["(ban.Time", "", "", "", ""],
    ["ban.Time 2", "", "", "", ""],
    ["", "1 two 3", "", "", ""],
    ["", "", "1 +", "", ""],
    ["", "", "ban.Time", "", ""],
    ["", "", "", "soon", ""],
];

fn bans() -> Vec<(Number, u32)> {
    let mut found = Vec::new();
    for time in
        [Number::Int(600), Number::Int(1), Number::Int(86_400), Number::Float(5400.0), Number::Float(0.3)]
    {
        for count in (1..=25).chain([60, 127, 128, 500, 2000]) {
            found.push((time, count));
        }
    }
    found
}

/// The options that are given, as fail2ban is told of them.
fn told(set: &Set) -> Map<String, Value> {
    let names = ["formula", "multipliers", "factor", "maxtime", "rndtime"];
    let filled = names.iter().zip(set).filter(|(_, text)| !text.is_empty());
    filled.map(|(name, text)| ((*name).to_owned(), json!(text))).collect()
}

/// Asks fail2ban about options and bans, in one process.
fn theirs(options: &[Map<String, Value>], bans: &[(Number, u32)]) -> Vec<Value> {
    let number = |number: Number| match number {
        Number::Int(number) => json!(number as i64),
        other => json!(other.as_f64()),
    };
    let bans: Vec<Value> = bans.iter().map(|(time, count)| json!([number(*time), count])).collect();
    let asked: Vec<Value> = options.iter().map(|options| json!([options, bans])).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formula.py");
    let mut python = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs fail2ban");
    python.stdin.take().unwrap().write_all(json!(asked).to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// An expression that Python can parse.
    fn expression(&mut self, depth: u32) -> String {
        let sides = if depth == 0 { 6 } else { 24 };
        let mut part = || self.expression(depth.saturating_sub(1));
        let (one, two, three) = if sides == 6 { Default::default() } else { (part(), part(), part()) };
        let pick = |dice: &mut Self, from: &[&str]| from[dice.roll(from.len() as u64) as usize].to_owned();
        match self.roll(sides) {
            0..=1 => pick(self, &["ban.Time", "ban.Count", "banFactor"]),
            2..=5 => {
                pick(self, &["0", "1", "2", "3", "7", "10", "0.5", "2.5", "1e3", ".1", "True", "math.e"])
            }
            6 => format!("({one})"),
            7 => format!("-{one}"),
            8 => format!("not {one}"),
            9 => format!("{one} if {two} else {three}"),
            10 => format!("{one} and {two} or {three}"),
            11 => format!("min({one}, {two}, {three})"),
            12 => format!(
                "{one} {} {two} {} {three}",
                pick(self, &["<", "<=", "=="]),
                pick(self, &[">", "!=", ">="])
            ),
            13 => format!(
                "{}({one})",
                pick(self, &["int", "float", "abs", "round", "bool", "math.floor", "math.ceil"])
            ),
            14 => format!(
                "{}({one})",
                pick(self, &["math.exp", "math.log", "math.sqrt", "math.fabs", "math.log2"])
            ),
            15 => format!("({one}) ** {}", self.roll(4)),
            16 => format!("({one}) << {}", self.roll(6)),
            17 => format!("({one}) >> {}", self.roll(6)),
            18 => format!("round({one}, {})", self.roll(4)),
            sign => format!("{one} {} {two}", ["+", "-", "*", "/", "//", "%"][sign as usize % 6]),
        }
    }
}

#[test]
fn expressions_by_chance_have_the_value_that_python_gives_them() {
    let mut dice = Dice(20_261_122);
    let texts: Vec<String> = (0..3000).map(|_| dice.expression(4)).filter(|text| text.len() < 1000).collect();
    let told = |text: &String| {
        [("factor", "1.5"), ("formula", text)]
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .into_iter()
            .collect()
    };
    let options: Vec<Map<String, Value>> = texts.iter().map(told).collect();
    let bans = [(Number::Int(600), 1), (Number::Int(60), 3), (Number::Float(0.5), 12)];
    let mut valued = 0;
    for (text, theirs) in texts.iter().zip(theirs(&options, &bans)) {
        let ours = BanTime::new(&Options { formula: Some(text), factor: Some("1.5"), ..Options::default() });
        for (index, (time, count)) in bans.into_iter().enumerate() {
            let value = ours
                .as_ref()
                .ok()
                .and_then(|ours| ours.seconds(time, count, 0.25).ok())
                .map(|number| number.to_string());
            assert_eq!(value.as_deref(), theirs[index].as_str(), "{text} {time:?} {count} {ours:?}");
            valued += usize::from(value.is_some());
        }
    }
    assert!(valued > 3000, "{valued}");
}

#[test]
fn ban_times_grow_as_fail2ban_lets_them_grow() {
    let mut valued = 0;
    let options: Vec<Map<String, Value>> = SETS.iter().map(told).collect();
    for (set, theirs) in SETS.iter().zip(theirs(&options, &bans())) {
        let [formula, multipliers, factor, maxtime, rndtime] = set.map(Some);
        let ours = BanTime::new(&Options { formula, multipliers, factor, maxtime, rndtime });
        let Ok(ours) = ours else {
            let all_refused = theirs.as_array().is_some_and(|all| all.iter().all(Value::is_null));
            // `~` is the one sign of Python's arithmetic that is not taken.
            assert!(theirs.is_null() || all_refused || set[0].contains('~'), "{set:?} {ours:?} {theirs}");
            continue;
        };
        assert!(theirs.is_array(), "{set:?} is none to fail2ban");
        for ((time, count), theirs) in bans().into_iter().zip(theirs.as_array().unwrap()) {
            let ours = ours.seconds(time, count, 0.25).ok().map(|number| number.to_string());
            // Where a whole number of so many bits meets a fraction, Python raises; here it is endless, and the longest time counts.
            if count > 1000 && theirs.is_null() && ours.is_some() {
                assert!(!set[3].is_empty(), "{set:?} {time:?} {count} {ours:?}");
                continue;
            }
            assert_eq!(ours.as_deref(), theirs.as_str(), "{set:?} {time:?} {count}");
            valued += usize::from(ours.is_some());
        }
    }
    assert!(valued > 4000, "{valued}");
}

#[test]
fn what_is_no_arithmetic_is_refused_by_name_and_place() {
    let cases = [
        ("__import__('os').system('true')", 1, "__import__"),
        ("ban.Time + os.getpid()", 12, "os.getpid"),
        ("ban.Time.__class__", 1, "ban.Time.__class__"),
        ("lambda: 1", 1, "lambda"),
        ("[1 for x in y]", 1, "["),
        ("max(1, 2)[0]", 10, "["),
        ("ban.Time; 2", 9, ";"),
        ("x := 2", 1, "x"),
        ("'text' * 3", 1, "'"),
        ("random.random()", 1, "random.random"),
        ("maxBanTime", 1, "maxBanTime"),
        ("math.factorial(5)", 1, "math.factorial"),
        ("min(1)", 1, "min"),
        ("1j", 1, "1j"),
        ("", 1, "the end"),
        ("((1)", 5, "the end"),
    ];
    for (text, at, found) in cases {
        let refused = Expression::parse(text).unwrap_err();
        assert_eq!(refused.at, at, "{refused}");
        assert!(refused.to_string().contains(&format!("'{found}'")), "{refused}");
    }
    let options = Options { formula: Some("ban.Time * evil"), ..Options::default() };
    let said = BanTime::new(&options).unwrap_err().to_string();
    assert!(
        said.starts_with("bantime.formula 'ban.Time * evil', character 12: 'evil' is not known"),
        "{said}"
    );
}

#[test]
fn floods_are_refused() {
    assert_eq!(Expression::parse(&"1+".repeat(5000)).unwrap_err().why, Why::TooLong);
    for deep in ["(", "-", "not ", "1 if 1 else ", "abs(", "2**"] {
        assert_eq!(Expression::parse(&deep.repeat(80)).unwrap_err().why, Why::TooDeep, "{deep}");
    }
    // The longest that is taken ends at once, and so do numbers that double and double.
    let long = format!("{}1", "1+".repeat(500));
    let sum = BanTime::new(&Options { formula: Some(&long), ..Options::default() }).unwrap();
    assert_eq!(sum.seconds(Number::Int(1), 1, 0.0).unwrap(), Number::Int(501));
    let tower = BanTime::new(&Options { formula: Some("9**9**9**9"), ..Options::default() }).unwrap();
    assert_eq!(tower.seconds(Number::Int(1), 1, 0.0).unwrap_err().why, Why::OutOfRange);
}

proptest! {
    /// Whatever stands in a formula, it is refused or has a value, or has none: nothing else happens.
    #[test]
    fn any_text_is_taken_or_refused(parts in proptest::collection::vec(prop::sample::select(vec![
        "1", "0", "2.5", "1e300", "9_9", "170141183460469231731687303715884105727", "ban.Time", "ban.Count", "banFactor", "(", ")", "+",
        "-", "*", "/", "//", "%", "**", "<<", ">>", "<", "==", " if ", " else ", " and ", " or ", " not ", "min(", "round(", "int(",
        "math.exp(", "math.log(", ",", "&", "|", "^", "é", "'", ".", "1.e", "math.inf", "True", "pow(", "abs(", "math.floor(",
    ]), 0..24), count in 0u32..3000, time in prop::num::f64::ANY) {
        let text = parts.concat();
        if let Ok(times) = BanTime::new(&Options { formula: Some(&text), ..Options::default() }) {
            let _ = times.seconds(Number::Float(time), count, 0.5);
            let _ = times.seconds(Number::Int(i128::MIN), count, 0.5);
        }
    }
}
