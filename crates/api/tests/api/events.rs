//! `/events`.

use axum::body::Body;
use control::Event;
use control::desk::Lifted;
use event::{JailName, limit};
use tower::ServiceExt;

use crate::desk::ban;
use crate::{Api, request};

/// Reads from a stream until it has so many events.
async fn read(response: axum::response::Response, events: usize) -> String {
    use futures_util::StreamExt;
    let mut stream = response.into_body().into_data_stream();
    let mut text = String::new();
    while text.matches("\n\n").count() < events {
        text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
    }
    text
}

#[test]
fn what_happens_is_told_and_who_lags_hears_of_it() {
    let api = Api::new();
    api.runtime.block_on(async {
        let listen = || request("GET", "/api/v1/events", "read").body(Body::empty()).unwrap();
        let response = api.router.clone().oneshot(listen()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        api.events.send(Event::Banned(ban("192.0.2.7", 30))).unwrap();
        let lifted = Lifted { subject: "192.0.2.7".parse().unwrap(), jail: Some(JailName::new("sshd")) };
        api.events.send(Event::Lifted(lifted.clone())).unwrap();
        api.events.send(Event::Settings).unwrap();
        api.events.send(Event::Trial(None)).unwrap();
        let text = read(response, 4).await;
        let events: Vec<&str> = text.split("\n\n").collect();
        assert!(events[0].starts_with("event: banned\ndata: {\"address\":\"192.0.2.7\""), "{text}");
        assert!(events[0].contains("\"service\":\"SSH\""), "{text}");
        assert_eq!(events[1], "event: lifted\ndata: {\"address\":\"192.0.2.7\",\"jail\":\"sshd\"}");
        assert_eq!(events[2], "event: settings\ndata: {}");
        assert_eq!(events[3], "event: trial\ndata: {\"trial\":null}");

        let response = api.router.clone().oneshot(listen()).await.unwrap();
        for _ in 0..6 {
            api.events.send(Event::Lifted(lifted.clone())).unwrap();
        }
        let text = read(response, 2).await;
        assert!(text.starts_with("event: lagged\ndata: {\"missed\":2}\n\nevent: lifted\n"), "{text}");
    });
}

#[test]
fn listeners_are_bounded_and_a_place_is_free_again_after_them() {
    let api = Api::new();
    api.runtime.block_on(async {
        let listen = || async {
            let request = request("GET", "/api/v1/events", "read").body(Body::empty()).unwrap();
            api.router.clone().oneshot(request).await.unwrap()
        };
        let mut listeners = Vec::new();
        for _ in 0..limit::EVENT_LISTENERS {
            listeners.push(listen().await);
        }
        let refused = listen().await;
        assert_eq!(refused.status(), 429);
        assert!(refused.headers().contains_key("retry-after"));
        listeners.pop();
        assert_eq!(listen().await.status(), 200);
    });
}
