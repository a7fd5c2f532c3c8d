//! How fast `/forward-auth` is answered. Printed, not judged: `cargo test -p api fast -- --nocapture`.

#![allow(clippy::print_stdout)]

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt;

use crate::Api;
use crate::site::Site;
use crate::stopwatch::Stopwatch;
use crate::web_servers::PATH;

#[test]
fn the_answer_is_fast_by_itself() {
    const QUESTIONS: u32 = 5_000;
    let api = Api::new();
    let banned = (0..100_000_u32).map(|number| IpAddr::V4(Ipv4Addr::from(0xc612_0000 + number)));
    api.memory.state().denied.extend(banned);
    let began = Stopwatch::start();
    api.runtime.block_on(async {
        for number in 0..QUESTIONS {
            let address = Ipv4Addr::from(0xc611_f000 + number * 7).to_string();
            let question =
                Request::builder().uri(PATH).header("x-real-ip", address).body(Body::empty()).unwrap();
            assert!(api.router.clone().oneshot(question).await.unwrap().status().as_u16() >= 204);
        }
    });
    let took = began.elapsed() / QUESTIONS;
    println!("forward-auth without a connection, 100,000 banned: {took:?} each");
    assert!(took < Duration::from_millis(20), "{took:?}");
}

/// The bound is far above what it takes.
#[test]
fn the_answer_is_fast() {
    const QUESTIONS: u32 = 5_000;
    let site = Site::new();
    let banned = (0..100_000_u32).map(|number| IpAddr::V4(Ipv4Addr::from(0xc612_0000 + number)));
    site.memory.state().denied.extend(banned);
    let mut stream = TcpStream::connect(site.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut took = Vec::new();
    let began = Stopwatch::start();
    for number in 0..QUESTIONS {
        let address = Ipv4Addr::from(0xc611_f000 + number * 7);
        let question = format!("GET {PATH} HTTP/1.1\r\nHost: x\r\nX-Real-IP: {address}\r\n\r\n");
        let asked = Stopwatch::start();
        stream.write_all(question.as_bytes()).unwrap();
        let answer = head(&mut stream);
        took.push(asked.elapsed());
        let expected = if u32::from(address) < 0xc612_0000 { "HTTP/1.1 204 " } else { "HTTP/1.1 403 " };
        assert!(answer.starts_with(expected), "{address}: {answer}");
    }
    let rate = f64::from(QUESTIONS) / began.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: usize| took[took.len() * share / 100];
    println!(
        "forward-auth over one connection, 100,000 banned: {rate:.0} requests/s, median {:?}, 99th percentile {:?}",
        at(50),
        at(99)
    );
    assert!(at(50) < Duration::from_millis(20), "{:?}", at(50));
}

/// The head of an answer; neither answer has a body.
fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut piece = [0; 2048];
    while !text.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut piece).unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(text).unwrap()
}
