//! How others are asked over HTTP: with time limits, bounds, and the host's certificate authorities. Says what went wrong without telling
//! what is secret in an address. Knows neither lists nor decisions.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use event::limit::{
    AUTHORITIES_BYTES, FETCH_CONNECT_SECONDS, FETCH_REDIRECTS, FETCH_SECONDS, FETCH_SILENT_SECONDS,
};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Where Debian, Red Hat, SUSE, Alpine keep the authorities that the host trusts.
const AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// CrowdSec wants a name and a version.
const USER_AGENT: &str = concat!("stockade/", env!("CARGO_PKG_VERSION"));

/// Whether redirects are followed, and a proxy of the environment is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Wherever it leads: a public list.
    Far,
    /// The same, but from HTTPS never to HTTP, where anybody on the way could write the list.
    FarSecure,
    /// To this host and no other: the question has a key in it.
    Straight,
}

/// Whoever asks. `ca_file`: an authority beside the host's own ones.
pub fn agent(way: Way, ca_file: Option<&Path>) -> Result<ureq::Agent, String> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(authorities(ca_file)?)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .user_agent(USER_AGENT)
        .http_status_as_error(false)
        .https_only(way == Way::FarSecure)
        .max_redirects(if way == Way::Straight { 0 } else { FETCH_REDIRECTS })
        .max_redirects_will_error(way != Way::Straight)
        .timeout_resolve(seconds(FETCH_CONNECT_SECONDS))
        .timeout_connect(seconds(FETCH_CONNECT_SECONDS))
        .timeout_per_read(seconds(FETCH_SILENT_SECONDS))
        .timeout_global(seconds(FETCH_SECONDS));
    let config = if way == Way::Straight { config.proxy(None) } else { config };
    Ok(config.build().new_agent())
}

/// A host without any is fine as long as nobody asks by `https`; then the certificate is not trusted, and that is said.
fn authorities(ca_file: Option<&Path>) -> Result<Vec<Certificate<'static>>, String> {
    let host = AUTHORITIES.iter().find_map(|path| certificates(Path::new(path)).ok()).unwrap_or_default();
    let Some(path) = ca_file else { return Ok(host) };
    let own = certificates(path).map_err(|cause| {
        format!("{}: no certificate authority: {cause}; name a file in PEM form", path.display())
    })?;
    Ok(host.into_iter().chain(own).collect())
}

fn certificates(path: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let mut pem = Vec::new();
    fs::File::open(path)?.take(AUTHORITIES_BYTES + 1).read_to_end(&mut pem)?;
    if pem.len() as u64 > AUTHORITIES_BYTES {
        return Err(io::Error::other(format!("larger than {AUTHORITIES_BYTES} bytes")));
    }
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(io::Error::other("there is no certificate in it")) } else { Ok(found) }
}

/// `https://host:port` of an address: what is behind may hold a key, as may a name before the host. `None` if it is no
/// address of HTTP.
pub fn place(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    (is_http && is_plain).then(|| format!("{}://{host}", scheme.to_ascii_lowercase()))
}

/// Why there is no answer, and what to do.
pub fn cause(error: &ureq::Error) -> String {
    use ureq::{Error, Timeout};
    match error {
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            format!(
                "no connection within {FETCH_CONNECT_SECONDS} seconds; is it running, and does a firewall let it through?"
            )
        }
        Error::Timeout(Timeout::PerRead) => format!("silent for {FETCH_SILENT_SECONDS} seconds"),
        Error::Timeout(_) => format!("no whole answer within {FETCH_SECONDS} seconds"),
        Error::HostNotFound => "the host's name is not known; is it written as it should be?".to_owned(),
        Error::ConnectionFailed => "no connection; is it running?".to_owned(),
        Error::RequireHttpsOnly(_) => "it leads from https to http, which is not followed".to_owned(),
        Error::BadUri(_) => "it leads to an address that is none".to_owned(),
        Error::TooManyRedirects => format!("more than {FETCH_REDIRECTS} redirects"),
        Error::BodyExceedsLimit(bytes) => format!("an answer of more than {bytes} bytes"),
        Error::Rustls(cause) => untrusted(cause),
        Error::Io(cause) => io_cause(cause),
        other => other.to_string(),
    }
}

/// The same for a failure in the middle of an answer.
pub fn io_cause(error: &io::Error) -> String {
    let inner = error.get_ref();
    if let Some(cause) = inner.and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        return self::cause(cause);
    }
    if let Some(cause) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return untrusted(cause);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused; is it running?".to_owned(),
        io::ErrorKind::UnexpectedEof => "the answer was cut off".to_owned(),
        _ => error.to_string(),
    }
}

fn untrusted(cause: &rustls::Error) -> String {
    match cause {
        rustls::Error::InvalidCertificate(why) => {
            format!("its certificate is not trusted ({why}); if it is right, name its authority as ca_file")
        }
        other => format!("no TLS with it: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn no_secret_is_told() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080")),
            ("HTTPS://lists.example/key/banned?token=1", Some("https://lists.example")),
            ("https://user:secret@lists.example:444#x", Some("https://lists.example:444")),
            ("http://[::1]:80/x", Some("http://[::1]:80")),
            ("http://host.example/a@b", Some("http://host.example")),
            ("ftp://host/", None),
            ("/etc/passwd", None),
            ("http:///x", None),
            ("http://host/a b", None),
            ("http://host/\r\nX: y", None),
        ] {
            assert_eq!(place(url).as_deref(), expected, "{url}");
        }
    }
}
