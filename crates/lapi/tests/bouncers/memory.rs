//! Many decisions for many bouncers.

use std::collections::HashSet;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use event::Moment;
use futures_util::StreamExt;
use tower::ServiceExt;

use crate::client::{START, STREAM, Site};

const DECISIONS: u32 = 300_000;
const BOUNCERS: usize = 100;

fn fill(site: &Site) {
    let until = Moment::from_seconds(START + 86_400);
    site.desk.change(|bans| {
        for number in 0..DECISIONS {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + number * 7);
            bans.push(crate::desk::ban(&address.to_string(), "sshd", until));
        }
    });
}

/// Resident memory in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A hundred bouncers whose connections differ in speed, all in the middle of 300,000 decisions at once. Prints what it takes:
/// `cargo test -p lapi a_hundred -- --nocapture`.
#[tokio::test]
#[allow(clippy::print_stdout, reason = "a measurement")]
async fn a_hundred_bouncers_do_not_take_a_hundred_times_the_memory() {
    let site = Site::new();
    fill(&site);
    let before = resident();
    let mut streams: Vec<BodyDataStream> = Vec::new();
    for bouncer in 0..BOUNCERS {
        // Each asks from an address of its own.
        let address = std::net::SocketAddr::from(([127, 0, 1, bouncer as u8], 4000));
        let request = Request::get(format!("{STREAM}?startup=true")).header("X-Api-Key", "bouncer-key");
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(axum::extract::ConnectInfo(address));
        let mut stream = site.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
        for _ in 0..bouncer {
            stream.next().await.unwrap().unwrap();
        }
        streams.push(stream);
    }
    let during = resident();
    assert!(during.saturating_sub(before) < 100 * 1024, "{before} KiB, then {during} KiB");
    // One of them to its end: it is whole, and no two decisions have one number.
    let mut stream = streams.remove(0);
    drop(streams);
    let (mut bytes, mut numbers) = (0, HashSet::new());
    while let Some(piece) = stream.next().await {
        let piece = piece.unwrap();
        bytes += piece.len();
        let text = std::str::from_utf8(&piece).unwrap();
        let found =
            text.split("\"id\":").skip(1).map(|rest| rest.split(',').next().unwrap().parse::<i32>().unwrap());
        numbers.extend(found.inspect(|number| assert!(*number > 0)));
    }
    println!(
        "{DECISIONS} decisions to {BOUNCERS} bouncers: an answer is {} KiB; resident before {before} KiB, with all answers on their \
         way {during} KiB",
        bytes >> 10
    );
    assert_eq!(numbers.len(), DECISIONS as usize);
}
