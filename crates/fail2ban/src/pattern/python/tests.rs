//! What Python's syntax takes and refuses. Nothing is searched here.

use super::*;

fn wrong(pattern: &str) -> Option<Wrong> {
    parse(pattern, false).err().map(|error| error.wrong)
}

#[test]
fn what_python_refuses_is_refused() {
    for (pattern, cause) in [
        ("a)", Wrong::Unopened),
        ("(a", Wrong::Unclosed),
        ("[a", Wrong::OpenClass),
        ("[z-a]", Wrong::BadRange),
        (r"[\w-a]", Wrong::BadRange),
        (r"\q", Wrong::BadEscape),
        ("*a", Wrong::NothingToRepeat),
        ("^*", Wrong::NothingToRepeat),
        ("a**", Wrong::RepeatOfRepeat),
        ("a{3,2}", Wrong::BadBounds),
        (r"\1", Wrong::NoSuchGroup),
        (r"(a\1)", Wrong::NoSuchGroup),
        ("(?P=x)", Wrong::NoSuchGroup),
        ("(?P<x>a)(?P<x>b)", Wrong::NameTwice),
        ("(?P<x-y>a)", Wrong::BadName),
        ("(?q)a", Wrong::BadFlag),
        ("(a)(?(1)b|c|d)", Wrong::ThirdBranch),
    ] {
        assert_eq!(wrong(pattern), Some(cause), "{pattern}");
    }
}

#[test]
fn what_python_takes_for_text_is_text() {
    for pattern in
        ["a{", "a{}", "a{x}", "a{1", "]", "}", "[]a]", "[^]a]", "[[]", "[a-]", r"[\w-]", "a{,3}", "[&&--~~]"]
    {
        assert_eq!(wrong(pattern), None, "{pattern}");
    }
}

#[test]
fn depth_and_length_have_their_limits() {
    assert_eq!(wrong(&"(".repeat(FAIL2BAN_PATTERN_DEPTH + 1)), Some(Wrong::TooDeep));
    assert_eq!(wrong(&"a".repeat(FAIL2BAN_PATTERN_BYTES + 1)), Some(Wrong::TooLong));
}
