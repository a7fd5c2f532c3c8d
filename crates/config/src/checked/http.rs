//! Judges `[http]`. Opens no file and no socket: whether a certificate is one is seen when it is served.

use std::net::SocketAddr;

use crate::http::{Http, Tls};
use crate::judge::Judge;
use crate::raw::{Field, RawHttp};
use crate::written::Value;

pub(super) fn http(judge: &mut Judge<'_>, raw: &RawHttp, default: &Http) -> Http {
    let certificate = judge.path("certificate", &raw.certificate, "/etc/stockade/page.crt");
    let key = judge.path("key", &raw.key, "/etc/stockade/page.key");
    for (there, name, missing, other) in [
        (&raw.certificate, "certificate", &raw.key, "key"),
        (&raw.key, "key", &raw.certificate, "certificate"),
    ] {
        if let (Some(written), None) = (there, missing) {
            let expected = format!("stands without {other}; name both, or leave both out");
            judge.complain::<()>(name, written, &expected);
        }
    }
    let all = "would believe everyone; name the addresses of your proxies";
    let proxies = judge.addresses("trusted_proxies", &raw.trusted_proxies, all);
    Http {
        listen: listen(judge, &raw.listen).unwrap_or(default.listen),
        tls: tls(judge, &raw.tls).unwrap_or(default.tls),
        certificate: certificate.zip(key),
        trusted_proxies: proxies.into_iter().map(|(proxy, _)| proxy).collect(),
        country_database: judge.path(
            "country_database",
            &raw.country_database,
            "/usr/share/GeoIP/GeoLite2-Country.mmdb",
        ),
    }
}

fn listen(judge: &mut Judge<'_>, field: &Field) -> Option<Option<SocketAddr>> {
    let written = field.as_ref()?;
    let address = match &written.value {
        Value::Switch(false) => return Some(None),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    let expected =
        "is not an address with a port; write e.g. '127.0.0.1:8765', '[::]:8765', or false to serve nothing";
    address.map(Some).or_else(|| judge.complain("listen", written, expected))
}

fn tls(judge: &mut Judge<'_>, field: &Field) -> Option<Tls> {
    let written = field.as_ref()?;
    match &written.value {
        Value::Switch(true) => Some(Tls::Yes),
        Value::Switch(false) => Some(Tls::No),
        Value::Text(text) if text == "auto" => Some(Tls::Auto),
        _ => judge.complain("tls", written, "is not a switch; write true, false or 'auto'"),
    }
}
