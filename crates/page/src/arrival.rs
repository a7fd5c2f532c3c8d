//! What every page says while the visitor's address does not arrive, and what to do about it.

use gate::Approach;

use crate::banner::{Banner, Kind};
use crate::text::Text;

/// The notice, if there is something to mend.
pub fn told(text: Text, approach: &Approach) -> Option<Banner> {
    let remedy = approach.remedy?.as_str();
    let peer = approach.peer.to_string();
    let title = text.with("peer", peer.as_str()).say(&format!("arrival-{remedy}"));
    let what = text.with("peer", peer.as_str()).say(&format!("arrival-{remedy}-what"));
    Some(Banner::new(Kind::Warn, title).more(what))
}
