//! The page of the journal.

use control::Actor;
use control::desk::Deed;

use crate::browser::Browser;

const DIFFERENCE: &str =
    "--- before\n+++ after\n@@ -1,2 +1,2 @@\n [defaults]\n-max_retry = 10\n+max_retry = \"<b>\"\n";

async fn with_entries(count: usize) -> Browser {
    let browser = Browser::at("192.0.2.9").await;
    let admin = Actor { name: "admin".to_owned(), address: "198.51.100.4".parse().ok() };
    let root = Actor { name: "root".to_owned(), address: None };
    {
        let mut state = browser.desk.state();
        state.note(Deed::Settings, &admin, "", DIFFERENCE);
        for number in 0..count {
            state.note(Deed::Ban, &root, &format!("192.0.2.{number}"), "probing <now>");
        }
    }
    browser
}

#[tokio::test]
async fn entries_say_who_from_where_and_differences_are_marked_by_more_than_colour() {
    let mut browser = with_entries(2).await;
    let page = browser.get("/journal").await;
    page.shows("root, from this computer");
    page.shows("admin, from 198.51.100.4");
    page.shows("probing &#60;now&#62;");
    page.shows("1 line added, 1 removed");
    assert!(page.between("<ins>", "</ins>").contains("added:"));
    assert!(page.between("<del>", "</del>").contains("max_retry = 10"));
    page.hides("<b>\"");
    page.hides(">--- before");
}

#[tokio::test]
async fn it_has_pages_and_a_choice_of_deeds() {
    let mut browser = with_entries(180).await;
    let first = browser.get("/journal").await;
    first.shows("192.0.2.179");
    first.hides("192.0.2.100<");
    first.hides(">Newest<");
    let next = first.between("rel=\"next\" href=\"", "\"").to_owned();
    assert_eq!(next, "/journal?before=132");
    browser.get(&next).await.shows("192.0.2.100<");
    let settings = browser.get("/journal?deed=settings").await;
    settings.shows("Changed the settings</b>");
    settings.hides("192.0.2.");
    settings.hides("rel=\"next\"");
    browser.get("/journal?deed=nonsense").await.shows("192.0.2.179");
}
