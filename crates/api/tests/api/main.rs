//! The API through its router, with a desk in memory: what HTTP adds is tested here, what the program does is tested with
//! the real one.

mod desk;
mod openapi;
mod access;
mod bans;
mod settings;
mod firewall;
mod others;
mod events;
mod metrics;
mod web_servers;
mod site;
mod stopwatch;
mod front;
mod nginx;
mod caddy;
mod speed;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use control::Event;
use event::Moment;
use quiet_desk::QuietDesk;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;
use tower::ServiceExt;

use desk::Memory;

/// The API behind the gate, with the desk behind it.
struct Api {
    memory: Arc<QuietDesk<Memory>>,
    events: broadcast::Sender<Event>,
    router: Router,
    runtime: Runtime,
}

/// An answer.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|cause| panic!("{cause}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where the problems are.
    fn places(&self) -> Vec<String> {
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16(), "{}", self.text);
        let problems = json["problems"].as_array().unwrap();
        problems.iter().map(|problem| problem["where"].as_str().unwrap().to_owned()).collect()
    }
}

impl Api {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut config::Http)) -> Self {
        let mut http = config::Http::default();
        change(&mut http);
        let memory = Arc::new(QuietDesk(Memory::default()));
        let (events, _) = broadcast::channel(4);
        let gate = gate::Gate::new(gate::Parts {
            desk: memory.clone(),
            events: events.clone(),
            clock: || Moment::from_seconds(1_795_348_800),
            http,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let guard = runtime.enter();
        let router = gate::layers(api::router(), gate);
        drop(guard);
        Self { memory, events, router, runtime }
    }

    fn send(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, 64 * 1024 * 1024).await.unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            Reply { status: parts.status, headers: parts.headers, text }
        })
    }

    fn get(&self, path: &str) -> Reply {
        self.send(request("GET", path, "read").body(Body::empty()).unwrap())
    }

    fn ask(&self, method: &str, path: &str) -> Reply {
        self.send(request(method, path, "admin").body(Body::empty()).unwrap())
    }

    #[allow(clippy::needless_pass_by_value, reason = "bodies are made where they are told")]
    fn tell(&self, method: &str, path: &str, body: Value) -> Reply {
        self.tell_if(method, path, None, body)
    }

    #[allow(clippy::needless_pass_by_value, reason = "bodies are made where they are told")]
    fn tell_if(&self, method: &str, path: &str, tag: Option<&str>, body: Value) -> Reply {
        let mut request = request(method, path, "admin").header("content-type", "application/json");
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap())
    }
}

fn request(method: &str, path: &str, key: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"))
}
