//! CrowdSec's own LAPI (1.4.6, from Debian) and ours, asked the same about the same decisions. Where ours differs on purpose, it stands here with
//! its reason.

use serde_json::{Map, Value};

use crate::client::{STREAM, Site};
use crate::crowdsec::Crowdsec;
use crate::deadline::until;
use crate::desk::KEYS;

/// Both, with the same decisions.
struct Both {
    ours: Site,
    theirs: Crowdsec,
    key: String,
    agent: ureq::Agent,
    _home: tempfile::TempDir,
}

/// Status, content type, body.
type Answer = (u16, String, String);

impl Both {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let theirs = Crowdsec::start(home.path());
        let key = theirs.key("bouncer");
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
        Self { ours: Site::new(), theirs, key, agent, _home: home }
    }

    fn ban(&self, value: &str, seconds: i64) {
        self.theirs.cscli(&["decisions", "add", option(value), value, "-d", &format!("{seconds}s")]);
        let subject = if value.contains(':') && !value.contains('/') {
            format!("{value}/128")
        } else {
            value.to_owned()
        };
        self.ours.desk.ban(&subject, "manual", self.ours.until(seconds));
    }

    fn lift(&self, value: &str) {
        self.theirs.cscli(&["decisions", "delete", option(value), value]);
        self.ours.desk.lift(value, "manual");
    }

    async fn ours(&self, method: &str, path: &str, key: &str) -> Answer {
        let (status, headers, body) = self.ours.send(method, path, key).await;
        let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        (status, kind.to_owned(), body)
    }

    fn theirs(&self, method: &str, path: &str, key: &str) -> Answer {
        let url = format!("http://{}{path}", self.theirs.address);
        let request = ureq::http::Request::builder().method(method).uri(url).header("X-Api-Key", key);
        let mut response = self.agent.run(request.body(()).unwrap()).unwrap();
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        (response.status().as_u16(), kind, response.body_mut().read_to_string().unwrap())
    }

    /// Both answers to a question with a good key.
    async fn both(&self, method: &str, path: &str) -> (Answer, Answer) {
        (self.ours(method, path, KEYS[0].0).await, self.theirs(method, path, &self.key))
    }

    /// Both answers in JSON; they agree in status and content type.
    async fn get(&self, path: &str) -> (Value, Value) {
        let (ours, theirs) = self.both("GET", path).await;
        assert_eq!((ours.0, ours.1), (theirs.0, theirs.1), "{path}");
        (parsed(&ours.2), parsed(&theirs.2))
    }

    /// What both tell as changed must be exactly these values. CrowdSec counts in whole seconds: what was just done may come with a later
    /// answer only, or with several.
    async fn stream(&self, deleted: &[&str], new: &[&str]) {
        let ours = parsed(&self.ours("GET", STREAM, KEYS[0].0).await.2);
        let theirs = until("the same from CrowdSec", || {
            let theirs = parsed(&self.theirs("GET", STREAM, &self.key).2);
            let has_all = new.iter().all(|value| find(&theirs["new"], value).is_some())
                && deleted.iter().all(|value| find(&theirs["deleted"], value).is_some());
            if has_all { Ok(theirs) } else { Err(theirs.to_string()) }
        });
        assert!(ours.as_object().unwrap().keys().eq(theirs.as_object().unwrap().keys()));
        for (list, values) in [("deleted", deleted), ("new", new)] {
            assert_eq!(ours[list].as_array().unwrap().len(), values.len(), "{ours}");
            for value in values {
                same(find(&ours[list], value).expect(value), find(&theirs[list], value).expect(value));
            }
        }
    }
}

fn option(value: &str) -> &'static str {
    if value.contains('/') { "--range" } else { "--ip" }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|cause| panic!("{cause}: {text}"))
}

fn find<'a>(list: &'a Value, value: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|one| one["value"] == value)
}

/// Lists with the same decisions. CrowdSec 1.4 writes `null` for an empty list in the stream, since 1.5 `[]`, as we do.
fn same_lists(ours: &Value, theirs: &Value) {
    let sorted = |list: &Value| {
        let mut list = list.as_array().cloned().unwrap_or_default();
        list.sort_by_key(|one| one["value"].to_string());
        list
    };
    let (ours, theirs) = (sorted(ours), sorted(theirs));
    assert_eq!(ours.len(), theirs.len(), "{ours:?} {theirs:?}");
    ours.iter().zip(&theirs).for_each(|(ours, theirs)| same(ours, theirs));
}

/// The same fields of the same kinds, and what does not depend on who decided is equal.
fn same(ours: &Value, theirs: &Value) {
    let mut ours: Map<String, Value> = ours.as_object().unwrap().clone();
    // CrowdSec has it since 1.5.
    assert!(ours.remove("uuid").is_some_and(|uuid| uuid.is_string()));
    let theirs = theirs.as_object().unwrap();
    assert!(ours.keys().eq(theirs.keys()), "{ours:?} {theirs:?}");
    for (name, value) in theirs {
        assert_eq!(kind(&ours[name]), kind(value), "{name}");
    }
    for name in ["value", "scope", "type"] {
        assert_eq!(ours[name], theirs[name]);
    }
    // What is deleted has less than nothing left at CrowdSec. No bouncer looks at it; ours says the least that there is.
    let text = |decision: &Map<String, Value>| decision["duration"].as_str().unwrap().to_owned();
    if text(theirs).starts_with('-') {
        assert!(!text(&ours).starts_with('-'));
    } else {
        let (ours, theirs) = (seconds(&text(&ours)), seconds(&text(theirs)));
        assert!((ours - theirs).abs() < 30.0, "{ours} {theirs}");
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth",
        Value::Number(number) if number.is_u64() => "whole number",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// `3h59m58.123s`, as far as hours, minutes and seconds.
fn seconds(duration: &str) -> f64 {
    let mut sum = 0.0;
    let mut rest = duration;
    while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let number: f64 = rest[..end].parse().unwrap();
        let scale = match &rest[end..=end] {
            "h" => 3600.0,
            "m" => 60.0,
            _ => 1.0,
        };
        sum += number * scale;
        rest = &rest[end + 1..];
    }
    sum
}

#[tokio::test]
async fn decisions_look_like_crowdsecs() {
    let both = Both::new();
    let (ours, theirs) = both.get(&format!("{STREAM}?startup=true")).await;
    assert_eq!(
        (ours.to_string(), theirs.to_string()),
        (r#"{"deleted":[],"new":[]}"#.into(), r#"{"deleted":null,"new":null}"#.into())
    );
    both.ban("192.0.2.1", 14_400);
    both.ban("198.51.100.0/24", 3600);
    both.ban("2001:db8::1", 3600);
    both.ban("2001:db8:1:2::/64", 60);
    let (ours, theirs) = both.get(&format!("{STREAM}?startup=true")).await;
    assert!(ours.as_object().unwrap().keys().eq(theirs.as_object().unwrap().keys()));
    assert_eq!(ours["new"].as_array().unwrap().len(), 4);
    same_lists(&ours["new"], &theirs["new"]);
    same_lists(&ours["deleted"], &theirs["deleted"]);
    for query in [
        "?scopes=ip",
        "?scopes=Range",
        "?scopes=ip,range",
        "?scopes=country",
        "?type=ban&scopes=ip",
        "?origins=nobody",
        "?scenarios_containing=nothing",
        "?scenarios_not_containing=manual",
        "?scenarios_not_containing=nothing",
    ] {
        let (ours, theirs) = both.get(&format!("{STREAM}{query}&startup=true")).await;
        same_lists(&ours["new"], &theirs["new"]);
    }
    // Back to everything, from which differences are told.
    both.get(&format!("{STREAM}?startup=true")).await;
    both.ban("203.0.113.7", 7200);
    both.stream(&[], &["203.0.113.7"]).await;
    both.lift("192.0.2.1");
    both.stream(&["192.0.2.1"], &[]).await;
    both.lift("198.51.100.0/24");
    both.ban("203.0.113.8", 60);
    both.stream(&["198.51.100.0/24"], &["203.0.113.8"]).await;
}

#[tokio::test]
async fn questions_are_answered_as_crowdsec_answers_them() {
    let both = Both::new();
    assert_eq!(both.get("/v1/decisions").await, (Value::Null, Value::Null));
    both.ban("192.0.2.1", 14_400);
    both.ban("198.51.100.0/24", 3600);
    both.ban("198.51.100.7", 3600);
    both.ban("2001:db8:1:2::/64", 3600);
    for query in [
        "",
        "?ip=192.0.2.1",
        "?ip=192.0.2.2",
        "?ip=198.51.100.7",
        "?ip=198.51.100.8",
        "?ip=2001:db8:1:2::77",
        "?ip=2001:db8:1:3::77",
        "?range=198.51.100.0/25",
        "?range=198.51.0.0/16",
        "?range=198.51.0.0/16&contains=false",
        "?scope=Ip&value=192.0.2.1",
        "?value=198.51.100.0/24",
        "?type=ban",
        "?type=captcha",
        "?ip=192.0.2.1&type=captcha",
        "?ip=192.0.2.1&origins=nobody",
    ] {
        let (ours, theirs) = both.get(&format!("/v1/decisions{query}")).await;
        assert_eq!(kind(&ours), kind(&theirs), "{query}");
        same_lists(&ours, &theirs);
    }
    // CrowdSec 1.4 looks at `scopes` only; later versions at `scope` too, of which its description of the API speaks.
    let (ours, theirs) = both.get("/v1/decisions?scope=Range&value=192.0.2.1").await;
    assert_eq!((kind(&ours), kind(&theirs)), ("null", "list"));
    // A wrong address is the asker's fault: CrowdSec says 500.
    let (ours, theirs) = both.both("GET", "/v1/decisions?ip=bogus").await;
    assert_eq!((ours.0, theirs.0), (400, 500));
    assert!(parsed(&ours.2)["message"].is_string() && parsed(&theirs.2)["message"].is_string());
}

#[tokio::test]
async fn the_door_is_crowdsecs() {
    let both = Both::new();
    for path in [STREAM, "/v1/decisions", "/v1/decisions?ip=192.0.2.1"] {
        for key in ["wrong", "a"] {
            let (ours, theirs) = (both.ours("GET", path, key).await, both.theirs("GET", path, key));
            // CrowdSec adds what JSON is in anyway.
            assert!(ours.1.starts_with("application/json") && theirs.1.starts_with("application/json"));
            assert_eq!((ours.0, &ours.2), (403, &theirs.2));
            assert_eq!(ours.0, theirs.0);
            assert_eq!(both.ours("HEAD", path, key).await.0, both.theirs("HEAD", path, key).0);
        }
        let (ours, theirs) = both.both("HEAD", path).await;
        assert_eq!((ours.0, &ours.2), (theirs.0, &theirs.2), "{path}");
    }
    // Later versions take what bouncers count; this one does not know of it yet.
    let (ours, theirs) = both.both("POST", "/v1/usage-metrics").await;
    assert_eq!((ours.0, theirs.0), (201, 404));
    // Ours says what is wrong; CrowdSec's answer is empty.
    let (ours, theirs) = both.both("GET", "/v1/nothing").await;
    assert_eq!((ours.0, theirs.0, theirs.2.as_str()), (404, 404, ""));
}
