//! Blocking by hand. What is entered stays in the form until it is right; whether it may be done, the desk says.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use control::Fault;
use control::desk::BanOrder;
use event::{JailName, Subject};
use serde::Deserialize;

use crate::banner::{Banner, Kind};
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::text::Text;
use crate::visit::{Posted, Visit, status_of};

/// What is entered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Order {
    address: String,
    /// Empty: all ports.
    jail: String,
    /// Seconds; `ever`.
    length: String,
    note: String,
    force: bool,
}

#[derive(Template)]
#[template(path = "block.html")]
struct Block {
    frame: Frame,
    order: Order,
    jails: Vec<String>,
    lengths: Vec<(String, String)>,
    /// What is wrong with the address.
    wrong: Option<String>,
    /// Whether the order was refused and may be given all the same.
    may_force: bool,
}

/// How the program's own words offer to do it all the same, on its command line.
const FORCE: &str = "; use --force";

const LENGTHS: [u64; 5] = [600, 3_600, 86_400, 7 * 86_400, 30 * 86_400];
const USUAL_LENGTH: &str = "86400";
const EVER: &str = "ever";

/// `GET /blocked/new`.
pub(super) async fn show(visit: Visit, Query(mut order): Query<Order>) -> Result<Response, Failed> {
    if order.length.is_empty() {
        USUAL_LENGTH.clone_into(&mut order.length);
    }
    let page = page(&visit, order, None).await?;
    Ok(visit.page(&page))
}

/// `POST /blocked/new`.
pub(super) async fn block(Posted { visit, data: order }: Posted<Order>) -> Result<Response, Failed> {
    let text = visit.text;
    let Ok(subject) = order.address.trim().parse::<Subject>() else {
        let page = page(&visit, order, Some(text.say("block-no-address"))).await?;
        return Ok(visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
    };
    let ban = ban_order(subject, &order);
    let actor = visit.actor.clone();
    match visit.gate.ask(move |desk| desk.ban(&ban, &actor)).await {
        Ok(_) => {
            let banner = Banner::done(text.with("address", subject.to_string()).say("block-done"));
            Ok(visit.back_to("/blocked", &banner))
        }
        Err(fault) => {
            // What is too wide may be meant; everything else that is refused stays refused.
            let may_force = matches!(&fault, Fault::Refused(why) if why.contains(FORCE)) && !order.force;
            let mut page = page(&visit, order, None).await?;
            page.may_force = may_force;
            page.frame.banners.push(refusal(text, &fault, may_force));
            Ok(visit.page_with(status_of(&fault), &page))
        }
    }
}

fn ban_order(subject: Subject, order: &Order) -> BanOrder {
    let jail = (!order.jail.is_empty()).then(|| JailName::new(&order.jail));
    let seconds = if order.length == EVER { Some(u64::MAX) } else { order.length.parse().ok() };
    BanOrder { subject, jail, seconds, force: order.force, note: order.note.trim().to_owned() }
}

fn refusal(text: Text, fault: &Fault, may_force: bool) -> Banner {
    if may_force {
        // The program's own words name its command line's flag, which is a box here.
        let why = fault.to_string();
        let why = why.split(FORCE).next().unwrap_or_default().to_owned();
        return Banner::new(Kind::Warn, text.say("block-wide")).more(why);
    }
    Banner::fault(&text, fault)
}

async fn page(visit: &Visit, order: Order, wrong: Option<String>) -> Result<Block, Failed> {
    let text = visit.text;
    let jails =
        visit.ask(|desk| Ok(desk.status()?.jails.into_iter().map(|jail| jail.jail).collect())).await?;
    let mut frame = visit.frame(Item::Blocked).await;
    frame.title = text.say("block-title");
    frame.here = "/blocked/new".to_owned();
    let mut lengths: Vec<(String, String)> =
        LENGTHS.iter().map(|seconds| (seconds.to_string(), text.span(*seconds))).collect();
    lengths.push((EVER.to_owned(), text.say("block-ever")));
    Ok(Block { frame, order, jails, lengths, wrong, may_force: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_what_was_entered() {
        let order = Order { length: EVER.to_owned(), note: " probes ".to_owned(), ..Order::default() };
        let ban = ban_order("192.0.2.0/24".parse().unwrap(), &order);
        assert_eq!((ban.seconds, ban.jail, ban.note.as_str()), (Some(u64::MAX), None, "probes"));
        let order = Order { length: "600".to_owned(), jail: "sshd".to_owned(), ..Order::default() };
        let ban = ban_order("192.0.2.1".parse().unwrap(), &order);
        assert_eq!((ban.seconds, ban.jail), (Some(600), Some(JailName::new("sshd"))));
    }

    #[test]
    fn what_was_entered_is_kept_and_escaped() {
        let text = Text::of_tag("en");
        let frame = Frame::new(text, Item::Blocked, "t", event::Moment::from_seconds(0));
        let hostile = "\"><script>".to_owned();
        let order = Order { address: hostile.clone(), note: hostile.clone(), ..Order::default() };
        let page = Block {
            frame,
            order,
            jails: vec![hostile.clone()],
            lengths: vec![],
            wrong: Some(hostile),
            may_force: true,
        };
        let html = page.render().unwrap();
        assert!(!html.contains("<script>") && html.contains("&#34;&#62;&#60;script&#62;"), "{html}");
    }
}
