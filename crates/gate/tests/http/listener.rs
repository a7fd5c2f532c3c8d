//! The listener: TLS, slow clients, many clients, the end.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use event::limit;
use gate::{ServeError, Server};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{self, connect};
use crate::site::Site;

fn over_tls(site: &Site) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let certificate = site.state_dir.path().join("http-cert.pem");
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, connect(site.address))
}

#[test]
fn tls_is_spoken_with_a_certificate_of_our_own_that_stays() {
    let site = Site::with(|http| http.tls = config::Tls::Yes);
    assert!(site.base_url.starts_with("https://127.0.0.1:"));
    let mut stream = over_tls(&site);
    stream.write_all(client::request(&site, "GET", "/whoami", &[], "").as_bytes()).unwrap();
    let answer = client::answer(&mut stream);
    assert_eq!((answer.status, answer.body.as_str()), (200, "127.0.0.1 true"));
    assert_eq!(answer.header("strict-transport-security"), None, "nobody vouches for this certificate");
    for name in ["http-cert.pem", "http-key.pem"] {
        let mode = fs::metadata(site.state_dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let http = config::Http {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        tls: config::Tls::Yes,
        ..config::Http::default()
    };
    let fingerprint = |dir| Server::bind(&http, dir).unwrap().fingerprint().unwrap().to_owned();
    let first = fingerprint(site.state_dir.path());
    assert_eq!(first.len(), 32 * 3 - 1);
    assert_eq!(first, fingerprint(site.state_dir.path()));
    fs::write(site.state_dir.path().join("http-key.pem"), "nonsense").unwrap();
    let wrong = Server::bind(&http, site.state_dir.path()).err().unwrap();
    assert!(wrong.to_string().contains("http-key.pem: "), "{wrong}");
}

#[test]
fn an_administrators_certificate_promises_tls_for_later() {
    let made = Site::with(|http| http.tls = config::Tls::Yes);
    let path = |name| made.state_dir.path().join(name);
    let site = Site::with(|http| {
        http.tls = config::Tls::Yes;
        http.certificate = Some((path("http-cert.pem"), path("http-key.pem")));
    });
    fs::copy(path("http-cert.pem"), site.state_dir.path().join("http-cert.pem")).unwrap();
    let mut stream = over_tls(&site);
    stream.write_all(client::request(&site, "GET", "/whoami", &[], "").as_bytes()).unwrap();
    assert_eq!(client::answer(&mut stream).header("strict-transport-security"), Some("max-age=31536000"));
}

#[test]
fn a_port_that_is_taken_is_told_with_its_address() {
    let site = Site::new();
    let http = config::Http { listen: Some(site.address), ..config::Http::default() };
    let wrong = Server::bind(&http, site.state_dir.path()).err().unwrap();
    assert!(matches!(wrong, ServeError::Bind { .. }));
    assert!(wrong.to_string().contains(&site.address.to_string()), "{wrong}");
}

#[test]
fn one_connection_serves_several_requests() {
    let site = Site::new();
    let mut stream = connect(site.address);
    for _ in 0..2 {
        stream
            .write_all(format!("GET /whoami HTTP/1.1\r\nHost: {}\r\n\r\n", site.address).as_bytes())
            .unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"127.0.0.1 false") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            read.push(byte[0]);
        }
    }
}

/// Whoever sends the head of a request byte by byte, or nothing, or no handshake, is cut off.
#[test]
fn slow_heads_are_cut() {
    let plain = Site::new();
    let tls = Site::with(|http| http.tls = config::Tls::Yes);
    let mut begun = connect(plain.address);
    begun.write_all(b"GET /whoami HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let mut silent = connect(plain.address);
    let mut handshake = connect(tls.address);
    for stream in [&mut begun, &mut silent, &mut handshake] {
        let mut rest = Vec::new();
        // The read has a deadline of its own, three times as long: an error means that nobody closed.
        stream.read_to_end(&mut rest).unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn one_address_has_a_share_of_the_connections() {
    let site = Site::new();
    let held: Vec<_> = (0..limit::HTTP_CONNECTIONS_PER_ADDRESS).map(|_| connect(site.address)).collect();
    let mut further = connect(site.address);
    assert_eq!(further.read(&mut [0]).unwrap_or(0), 0, "it is closed unread");
    drop(held);
}

#[test]
fn the_end_cuts_whoever_stays() {
    let mut site = Site::new();
    let mut stream = connect(site.address);
    stream.write_all(b"GET /whoami HTTP/1.1\r\n").unwrap();
    site.stop();
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    assert!(TcpStream::connect(site.address).is_err());
}
