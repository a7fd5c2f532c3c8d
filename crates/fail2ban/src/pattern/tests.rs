//! Patterns searched as Python's `re.search` would. Filters and lines of logs are `judge`'s business.

use super::*;

/// The groups of the first match of `pattern` in `text`, as Python's `re.search` would give them.
fn groups<'t>(pattern: &str, text: &'t str, kind: Text) -> Option<Vec<Option<&'t str>>> {
    let pattern = Pattern::new(pattern, Names::Read, kind).unwrap();
    let mut places = Places::default();
    pattern.search(text, &mut places).unwrap().then(|| {
        (0..pattern.names.len())
            .map(|number| places.group(number).map(|(start, end)| &text[start..end]))
            .collect()
    })
}

fn whole<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    groups(pattern, text, Text::Line)?[0]
}

#[test]
fn the_end_is_python_s() {
    assert_eq!(whole("b$", "ab\n"), Some("b"));
    assert_eq!(whole(r"b\Z", "ab\n"), None);
    assert_eq!(whole(r"b\s\Z", "ab\n"), Some("b\n"));
    assert_eq!(groups("b$", "ab\ncb\n", Text::Lines).unwrap()[0], Some("b"));
    assert_eq!(groups("a$", "a\nb\n", Text::Lines), None);
    assert_eq!(groups("^b$", "a\nb\nc\n", Text::EachLine).unwrap()[0], Some("b"));
    assert_eq!(groups("^b$", "a\nb\nc\n", Text::Lines), None);
}

#[test]
fn classes_are_python_s() {
    assert_eq!(whole(r"^\w+$", "gr\u{fc}n\u{b2}\n"), Some("gr\u{fc}n\u{b2}"));
    assert_eq!(whole(r"a\sb", "a\x1cb\n"), Some("a\x1cb"));
    assert_eq!(whole(r"(?a)^\w+", "gr\u{fc}n\n"), Some("gr"));
    assert_eq!(whole(r"[]x]+", "a]x]\n"), Some("]x]"));
    assert_eq!(whole(r"[a&&b[]+", "&b[\n"), Some("&b["));
    assert_eq!(whole(r"\<a\>\-\/", "<a>-/\n"), Some("<a>-/"));
    assert_eq!(whole(r"\x41\102\u0043{", "ABC{\n"), Some("ABC{"));
    assert_eq!(whole(r"[^\S ]", "a \t\n"), Some("\t"));
    assert_eq!(whole(r"a{,2}b", "aaab\n"), Some("aab"));
}

#[test]
fn flags_hold_where_python_has_them_hold() {
    assert_eq!(whole("(?i)ab", "AB\n"), Some("AB"));
    assert_eq!(whole("a(?i)b", "AB\n"), Some("AB"));
    assert_eq!(whole("a(?i:b)", "AB\n"), None);
    assert_eq!(whole("a((?i)b|c)", "aC\n"), Some("aC"));
    assert_eq!(whole("(?x) a b # comment\n c", "abc\n"), Some("abc"));
    assert_eq!(whole("(?i:a(?-i:b))", "Ab\n"), Some("Ab"));
    assert_eq!(whole("(?i:a(?-i:b))", "AB\n"), None);
}

#[test]
fn what_needs_backtracking_gets_it() {
    assert_eq!(whole(r"^(?P<q>['x])a(?P=q)$", "'a'\n"), Some("'a'"));
    assert_eq!(whole(r"^(?P<q>['x])a(?P=q)$", "'ax\n"), None);
    assert_eq!(whole(r"^(a)?b(?(1)c|d)$", "abc\n"), Some("abc"));
    assert_eq!(whole(r"^(a)?b(?(1)c|d)$", "bd\n"), Some("bd"));
    assert_eq!(whole(r"^(a)?b(?(1)c|d)$", "bc\n"), None);
    assert_eq!(whole(r"^(?P<n>a)?b(?(n)c)$", "b\n"), Some("b"));
    assert_eq!(whole(r"a(?!b)", "abac\n"), Some("a"));
    assert_eq!(whole(r"(?<!a)b", "ab\n"), None);
    assert_eq!(whole(r"a++a", "aaa\n"), None);
    assert_eq!(whole(r"(?>a*)a", "aaa\n"), None);
    // A group that did not take part has no text to refer to.
    assert_eq!(whole(r"^(a)?\1b$", "b\n"), None);
    assert_eq!(groups(r"^(?:(a)|b)(?!x)", "b\n", Text::Line).unwrap()[1], None);
}

#[test]
fn the_first_alternative_wins_as_in_python() {
    assert_eq!(whole("a|ab", "ab\n"), Some("a"));
    assert_eq!(groups("(a*?)(a*)b", "aab\n", Text::Line).unwrap()[1..], [Some(""), Some("aa")]);
}

#[test]
fn a_host_is_an_address_or_a_name() {
    let host = |text| {
        let found = groups("^<HOST>$", text, Text::Line)?;
        // ip4, ip6, dns
        Some((found[1], found[2], found[3]))
    };
    assert_eq!(host("192.0.2.1\n"), Some((Some("192.0.2.1"), None, None)));
    assert_eq!(host("::ffff:192.0.2.1\n"), Some((Some("192.0.2.1"), None, None)));
    assert_eq!(host("[2001:db8::1]\n"), Some((None, Some("2001:db8::1"), None)));
    assert_eq!(host("::1\n"), Some((None, Some("::1"), None)));
    assert_eq!(host("2001:db8::\n"), Some((None, Some("2001:db8::"), None)));
    assert_eq!(host("a.example\n"), Some((None, None, Some("a.example"))));
    assert_eq!(host("a b\n"), None);
}

#[test]
fn a_search_ends_after_its_steps() {
    let pattern = Pattern::new(r"^(?:(?:a|a)+)+(?!c)b<HOST>", Names::Read, Text::Line).unwrap();
    assert!(!pattern.is_linear());
    let text = format!("{}b192.0.2.1\n", "a".repeat(40));
    let mut places = Places::default();
    assert_eq!(pattern.search(&text, &mut places), Ok(true));
    let text = format!("{}192.0.2.1\n", "a".repeat(40));
    assert_eq!(pattern.search(&text, &mut places), Ok(false), "the automaton lets it go at once");
    let pattern = Pattern::new(r"^(?:(?:a|a)+)+(?=c)b<HOST>", Names::Read, Text::Line).unwrap();
    let text = format!("{}b192.0.2.1\n", "a".repeat(40));
    assert_eq!(pattern.search(&text, &mut places), Err(TooManySteps));
}

/// Of the connections that a window holds, the first is refused in its last line: every host, cut short as it may be, is tried with every line.
#[test]
fn a_window_of_many_lines_is_searched_to_its_end() {
    let pattern = r"^.*app\[(?P<x>\d+)\]:.*from <HOST>.*$<SKIPLINES>^.*app\[(?P=x)\]: refused$";
    let other = |number: usize| format!("host app[50{number}]: other from 192.0.2.9 {}\n", "k l ".repeat(20));
    let others: String = (0..10).map(other).collect();
    let text = format!(
        "{}host app[7]: from 192.0.2.1 z\n{others}host app[7]: refused\n",
        others.replace("50", "60")
    );
    let found = groups(pattern, &text, Text::EachLine).unwrap();
    assert!(found.contains(&Some("192.0.2.1")), "{found:?}");
}

mod any {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Whatever is written, it is refused or searched, and what is found stands in the text.
        #[test]
        fn pattern_is_refused_or_searched(
            pattern in r"([a-c.^$*+?()\[\]{}|\\<>=!:#P_1-3, -]|<HOST>|<F-ID>|</F-ID>|\(\?[:=!]|\(\?P<[ab]>|\(\?P=a\)|\(\?\(a\)|\\[dwsbZ]){0,16}",
            text in "[a-c1. \u{e9}\u{661}]{0,12}",
            lines in any::<bool>(),
        ) {
            let kind = if lines { Text::Lines } else { Text::Line };
            if let Ok(pattern) = Pattern::new(&pattern, Names::Read, kind) {
                let text = format!("{text}\n");
                let mut places = Places::default();
                if pattern.search(&text, &mut places) == Ok(true) {
                    for number in 0..pattern.names.len() {
                        if let Some((start, end)) = places.group(number) {
                            prop_assert!(text.get(start..end).is_some());
                        }
                    }
                }
            }
        }

        /// What runs for ASCII and the automaton for all text say the same of a line that both can read, group by group.
        #[test]
        fn line_of_ascii_is_the_same_to_both_forms(
            pattern in r"([a-c.^$|]|\[\^?[a-b]\]|\\[dDwWsSbB]|\(a\|\w\)|[ab.][*+?]\??|\(\?i:[a-c]+\)|\(b\|\w\*\)\?|\(\?:(a|\(c\))\$?(\\b|\|)b\?\)(|\{0,2\}|\*\?)){1,8}",
            text in "[a-cA-C1 _.\u{1c}]{0,10}",
        ) {
            let found = |pattern: &Pattern, text: &str| {
                let mut places = Places::default();
                let groups = |places: &Places| (0..pattern.names.len()).map(|group| places.group(group)).collect::<Vec<_>>();
                pattern.search(text, &mut places).map(|found| found.then(|| groups(&places)))
            };
            if let Ok(pattern) = Pattern::new(&pattern, Names::Read, Text::Line) {
                let small = found(&pattern, &format!("{text}\n"));
                if !pattern.is_linear() {
                    return Ok(());
                }
                let root = python::parse(&tags::localise_flags(pattern.source()), false).unwrap().root;
                let hir = parsed(&render(&root, Target::Linear, true), true).unwrap();
                let whole = linear::automaton(&hir).unwrap();
                let mut taken = whole.create_captures();
                whole.search_captures(&format!("{text}\n").as_str().into(), &mut taken);
                let places = taken.is_match().then(|| taken.iter().map(|span| Some((span?.start, span?.end))).collect());
                prop_assert_eq!(small, Ok(places), "{}", pattern.source());
            }
        }

        /// What the simpler pattern finds is what the engine finds that backtracks, group by group.
        #[test]
        fn simpler_pattern_finds_the_same(
            pattern in r"\^?(\(a\)\?|\(\?:ab\?\)\?|\(\?P<u>\(b\+\)\|c\?\)|\(\(a\)\|b\|\)){1,2}([a-c.]|\[ab\][*+]|c\?|\(\?:\(\?!ab\)\.\)\*\??|\(\?:b\(\?!a\)\[a-c\]\)\+|\(\?!bc\)|\(a\|b\)\*){0,4}(\(\?\([12]\)[abc]{0,2}(\|[abc]{0,2})?\)[a-c]?|\(\?\(1\)\(\?:\(\?!ca\)\.\)\*\|\.c\)){0,2}\$?",
            text in "[a-c]{0,9}",
        ) {
            let kind = Text::Line;
            if let Ok(pattern) = Pattern::new(&pattern, Names::Read, kind) {
                let mut slow = pattern.clone();
                if let Engine::Backtracking { quick, .. } = &mut slow.engine {
                    *quick = None;
                }
                let text = format!("{text}\n");
                let (mut one, mut other) = (Places::default(), Places::default());
                let found = pattern.search(&text, &mut one);
                prop_assert_eq!(found, slow.search(&text, &mut other));
                if found == Ok(true) {
                    prop_assert_eq!(one.slots, other.slots);
                }
            }
        }
    }
}

#[test]
fn what_the_filters_ask_for_is_searched_by_the_simpler_pattern() {
    let quick = |pattern: &str| {
        let pattern = Pattern::new(pattern, Names::Read, Text::Line).unwrap();
        matches!(pattern.engine, Engine::Backtracking { quick: Some(_), .. })
    };
    let user = "<F-USER>(?P<cond_user>\\S+)|(?(cond_inv)(?:(?! from ).)*?|[^:]+)</F-USER>";
    let failed = "^Failed \\S+ for (?P<cond_inv>invalid user )?";
    assert!(quick(&format!("{failed}{user} from <HOST>(?(cond_user): |(?:(?:(?! from ).)*)$)")));
    assert!(quick("^x(?:,(?!RemoteAddress=)\\w+=\"[^\"]*\")*,RemoteAddress=<HOST>$"));
    assert!(quick("NOTICE\\s+\\[(?!recidive\\])(?:.*)\\]\\s+Ban\\s+<HOST>\\s*$"));
    for pattern in
        ["(?:a(?!b)c|d)*<HOST>", "(?<!a)<HOST>", "(a)+(?:b(?(1)c))*<HOST>", "(?i)(?!a)<HOST>", "(?=a)<HOST>"]
    {
        assert!(!quick(pattern), "{pattern}");
    }
}
