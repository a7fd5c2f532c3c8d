//! A bouncer: one request, one answer. Its clock is its thread's own, so that a test can let days pass.

use std::cell::Cell;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response};
use event::Moment;
use gate::Gate;
use serde_json::Value;
use tokio::sync::broadcast;
use tower::ServiceExt;

use crate::desk::{KEYS, Memory};

/// When the tests begin.
pub const START: i64 = 1_700_000_000;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(START * 1000) };
}

/// The stream.
pub const STREAM: &str = "/v1/decisions/stream";

/// Stockade in memory, and who asks it.
pub struct Site {
    pub desk: Arc<Memory>,
    pub router: Router,
}

impl Site {
    pub fn new() -> Self {
        NOW.set(START * 1000);
        Self::around(Arc::default())
    }

    /// Another Stockade with the same bans, as after a restart.
    pub fn around(desk: Arc<Memory>) -> Self {
        let (events, _) = broadcast::channel(1);
        let clock = || Moment::from_millis(NOW.get());
        let http = config::Http::default();
        let gate = Gate::new(gate::Parts { desk: desk.clone(), events, clock, http });
        Self { desk, router: gate::layers(lapi::router(), gate) }
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        NOW.set(NOW.get() + seconds * 1000);
    }

    /// So many seconds from now.
    pub fn until(&self, seconds: i64) -> Moment {
        Moment::from_millis(NOW.get() + seconds * 1000)
    }

    pub async fn request(&self, method: &str, path: &str, header: (&str, &str)) -> Response<Body> {
        let request = Request::builder().method(method).uri(path).header(header.0, header.1);
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Status, headers and body of a request with that key.
    pub async fn send(&self, method: &str, path: &str, key: &str) -> (u16, HeaderMap, String) {
        let (parts, body) = self.request(method, path, ("X-Api-Key", key)).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        self.get_as(KEYS[0].0, path).await
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Value {
        let (status, headers, body) = self.send("GET", path, key).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        serde_json::from_str(&body).unwrap_or_else(|cause| panic!("{path}: {cause}: {body}"))
    }

    /// What the stream says: `+` before a new one and its duration, `-` before a deleted one.
    pub async fn pull(&self, query: &str) -> Vec<String> {
        told(&self.get(&format!("{STREAM}{query}")).await)
    }
}

/// An answer of the stream in short.
pub fn told(answer: &Value) -> Vec<String> {
    let list = |name: &str| answer[name].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    let text = |decision: &Value, name: &str| decision[name].as_str().unwrap().to_owned();
    let deleted = list("deleted").into_iter().map(|one| format!("-{}", text(&one, "value")));
    let new =
        list("new").into_iter().map(|one| format!("+{} {}", text(&one, "value"), text(&one, "duration")));
    deleted.chain(new).collect()
}
