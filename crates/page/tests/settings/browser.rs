//! A browser without scripts: it signs in, keeps its cookies, sends forms, and follows where it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use gate::Gate;
use quiet_desk::QuietDesk;
use tower::ServiceExt;

use crate::desk::{Memory, NOW};

/// A browser, signed in from `address`.
pub struct Browser {
    pub desk: Arc<QuietDesk<Memory>>,
    router: Router,
    address: SocketAddr,
    cookies: Vec<(String, String)>,
    language: &'static str,
    /// What a proxy in between adds.
    pub header: Option<(&'static str, &'static str)>,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub html: String,
}

const PASSWORD: &str = "gallery gallery";

fn hash() -> String {
    // Hashing is slow by design: once is enough.
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| gate::password::hash(PASSWORD).unwrap()).clone()
}

impl Browser {
    pub async fn at(address: &str) -> Self {
        let desk = Arc::new(QuietDesk(Memory::new(hash())));
        let parts = gate::Parts {
            desk: desk.clone(),
            events: tokio::sync::broadcast::channel(16).0,
            clock: || NOW,
            http: config::Http::default(),
        };
        let router = gate::layers(page::router(), Gate::new(parts));
        let address = SocketAddr::new(address.parse().unwrap(), 40_000);
        let mut browser = Self { desk, router, address, cookies: Vec::new(), language: "en", header: None };
        let answer = browser.post("/sign-in", &[("account", "admin"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.html);
        browser
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, String::new()).await
    }

    /// Sends a form as it is.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.send("POST", path, body.join("&")).await
    }

    /// Sends a form with the token of the page at `path`.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let first = format!("/{}", path.split('/').nth(1).unwrap_or_default());
        // Two forms stand on every page or on the first, and their own path shows nothing.
        let first = if first == "/protection" || first == "/sign-out" { "/" } else { &first };
        let token = self.get(first).await.hidden("csrf");
        let mut fields = fields.to_vec();
        fields.push(("csrf", &token));
        self.post(path, &fields).await
    }

    /// Answers the notice of a change that waits: `confirm` or `take-back`.
    pub async fn submit_trial(&mut self, answer: &str) -> Answer {
        let token = self.get("/firewall").await.hidden("csrf");
        self.post(&format!("/trial/{answer}"), &[("csrf", &token), ("back", "/firewall")]).await
    }

    /// Follows the redirect of an answer.
    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.html);
        self.get(&answer.location.clone()).await
    }

    pub fn speak(&mut self, language: &'static str) {
        self.language = language;
    }

    async fn send(&mut self, method: &str, path: &str, body: String) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8765")
            .header(header::ORIGIN, "http://127.0.0.1:8765")
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(ConnectInfo(self.address));
        let request = match self.header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(bytes.to_vec()).unwrap();
        check(&html);
        Answer { status, location: location.unwrap_or_default(), html }
    }
}

impl Answer {
    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest =
            self.html.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.html)).1;
        rest.split('"').next().unwrap().to_owned()
    }

    pub fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        assert!(self.has(text), "no {text:?} in {}", self.html);
    }

    #[track_caller]
    pub fn hides(&self, text: &str) {
        assert!(!self.has(text), "{text:?} is in {}", self.html);
    }

    /// The page from one text up to another.
    #[track_caller]
    pub fn between(&self, from: &str, to: &str) -> &str {
        let rest = self.html.split_once(from).unwrap_or_else(|| panic!("no {from:?} in {}", self.html)).1;
        rest.split(to).next().unwrap()
    }
}

/// What holds for every page under the strict policy: no script and no style of its own, and every sentence is there.
#[track_caller]
fn check(html: &str) {
    assert!(!html.contains(" style=") && !html.contains("<style"), "a style of its own: {html}");
    for script in html.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/assets/"), "a script of its own: {script}");
    }
    for missing in [
        "arrival-",
        "blocklist-",
        "brute-force-",
        "deed-",
        "elsewhere-",
        "firewall-",
        "journal-",
        "notice-",
        "outlet-",
        "scope-",
        "settings-",
        "slip-",
        "try-",
        "why-",
    ] {
        let shown = html.split('>').skip(1).map(|part| part.split('<').next().unwrap().trim());
        let found: Vec<&str> =
            shown.filter(|text| text.starts_with(missing) && !text.contains(' ')).collect();
        assert!(found.is_empty(), "sentences that are not there: {found:?}");
    }
}
