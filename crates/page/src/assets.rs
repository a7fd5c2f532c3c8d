//! Style and script, compiled in. Their address carries a hash of what they hold, so that a browser keeps them for ever and
//! never keeps an old one. No other file is served.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

struct Asset {
    name: String,
    kind: &'static str,
    body: &'static str,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        asset("style", "css", "text/css; charset=utf-8", include_str!("../assets/style.css")),
        asset("page", "js", "text/javascript; charset=utf-8", include_str!("../assets/page.js")),
        asset("settings", "css", "text/css; charset=utf-8", include_str!("../assets/settings.css")),
        asset("settings", "js", "text/javascript; charset=utf-8", include_str!("../assets/settings.js")),
        asset("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    ]
});

/// The address of an asset: `/assets/style.0123456789ab.css` for `style`, `css`.
pub fn address(stem: &str, extension: &str) -> String {
    let wanted = |asset: &&Asset| {
        asset.name.starts_with(&format!("{stem}.")) && asset.name.ends_with(&format!(".{extension}"))
    };
    let name = ASSETS.iter().find(wanted).map(|asset| asset.name.as_str()).unwrap_or_default();
    format!("/assets/{name}")
}

/// `GET /assets/{name}`.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.body).into_response()
}

fn asset(stem: &str, extension: &str, kind: &'static str, body: &'static str) -> Asset {
    let hash: String = Sha256::digest(body).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Asset { name: format!("{stem}.{hash}.{extension}"), kind, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_the_hash_of_what_it_holds() {
        let style = address("style", "css");
        assert!(style.starts_with("/assets/style.") && style.ends_with(".css"), "{style}");
        assert_eq!(style.len(), "/assets/style.0123456789ab.css".len());
        assert_ne!(asset("a", "css", "", "one").name, asset("a", "css", "", "two").name);
    }
}
