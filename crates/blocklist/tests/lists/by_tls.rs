//! Lists over HTTPS, with an authority of one's own.

use std::fs;
use std::path::{Path, PathBuf};

use config::{Blocklist, ListOrigin};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::host::{Site, list};
use crate::nginx::Nginx;

/// An authority and a certificate of it for 127.0.0.1, as files.
struct Authority {
    file: PathBuf,
    lines: String,
}

impl Authority {
    fn make(directory: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let pair = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&pair, &issuer).unwrap();
        let file = directory.join("authority.pem");
        fs::write(&file, issuer.pem()).unwrap();
        let (cert, key) = (directory.join("cert.pem"), directory.join("key.pem"));
        fs::write(&cert, certificate.pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
        let lines = format!("ssl_certificate {};\nssl_certificate_key {};\n", cert.display(), key.display());
        Self { file, lines }
    }
}

#[test]
fn the_certificate_must_be_trusted() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Authority::make(home.path());
    let plain = Nginx::start(home.path(), "");
    let port = plain.address.port();
    drop(plain);
    // The same port again, with TLS: nginx takes the last `listen` of an address with its options.
    let tls = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let more = format!(
        "listen {tls} ssl;\n{}\nlocation = /up {{ return 301 https://{tls}/bad.txt; }}\n\
         location = /down {{ return 301 http://127.0.0.1:{port}/bad.txt; }}",
        authority.lines
    );
    let nginx = Nginx::start_at(([127, 0, 0, 1], port).into(), home.path(), &more);
    nginx.put("bad.txt", "192.0.2.1\n");
    let secure = list(ListOrigin::Url(format!("https://{tls}/bad.txt")));
    let trusting = Blocklist { ca_file: Some(authority.file.clone()), ..secure.clone() };
    assert_eq!(Site::start(trusting.clone(), state.path()).next(), ["192.0.2.1"]);
    // What was kept is in force, whatever is wrong now.
    let site = Site::start(secure, state.path());
    assert_eq!(site.next(), ["192.0.2.1"]);
    assert_eq!(site.error("certificate is not trusted").entries, 1);
    // By name as well; and led from HTTP to HTTPS.
    let state = tempfile::tempdir().unwrap();
    for url in [format!("https://localhost:{}/bad.txt", tls.port()), nginx.url("up")] {
        let list = Blocklist { origin: ListOrigin::Url(url), ..trusting.clone() };
        assert_eq!(Site::start(list, state.path()).next(), ["192.0.2.1"]);
    }
    let down = list(ListOrigin::Url(format!("https://{tls}/down")));
    let down = Blocklist { ca_file: Some(authority.file.clone()), ..down };
    Site::start(down, state.path()).error("from https to http");
    for (file, why) in [("nowhere.pem", "No such file"), ("nginx.conf", "there is no certificate in it")] {
        let list = Blocklist { ca_file: Some(home.path().join(file)), ..trusting.clone() };
        Site::start(list, tempfile::tempdir().unwrap().path()).error(why);
    }
}
