//! The certificate and the key that TLS is spoken with: the administrator's, or one that is made here once and kept.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use crate::secret;
use crate::serve_error::ServeError;

/// How TLS is spoken, and the SHA-256 fingerprint of the certificate.
pub struct Certificate {
    pub config: Arc<ServerConfig>,
    pub fingerprint: String,
}

/// Reads the certificate of the settings, or the one that was made here; makes it if need be.
pub fn open(given: Option<&(PathBuf, PathBuf)>, state_dir: &Path) -> Result<Certificate, ServeError> {
    if let Some((certificate, key)) = given {
        return read(certificate, key);
    }
    let (certificate, key) = (state_dir.join("http-cert.pem"), state_dir.join("http-key.pem"));
    if !certificate.exists() || !key.exists() {
        make(&certificate, &key)?;
    }
    read(&certificate, &key)
}

fn read(certificate: &Path, key: &Path) -> Result<Certificate, ServeError> {
    let unreadable = |path: &Path, cause: &dyn std::fmt::Display| ServeError::Unreadable {
        path: path.to_owned(),
        cause: cause.to_string(),
    };
    let chain =
        CertificateDer::pem_file_iter(certificate).map_err(|cause| unreadable(certificate, &cause))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|cause| unreadable(certificate, &cause))?;
    let Some(first) = chain.first() else {
        return Err(unreadable(certificate, &"there is no certificate in it"));
    };
    let fingerprint = fingerprint(first);
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|cause| unreadable(key, &cause))?;
    let unfit = |cause: rustls::Error| ServeError::Unfit {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        cause: cause.to_string(),
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(unfit)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, secret).map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Certificate { config: Arc::new(config), fingerprint })
}

/// Makes a certificate for the names and addresses of this host. It is made once and never again by itself, because whoever
/// trusts it trusts its fingerprint; so it is good for long, and its dates need no clock.
fn make(certificate: &Path, key: &Path) -> Result<(), ServeError> {
    let failed = |cause: rcgen::Error| ServeError::NotMade(cause.to_string());
    let mut params = CertificateParams::new(names()).map_err(failed)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("Stockade on {}", host_name()));
    params.distinguished_name = name;
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2056, 1, 1);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let pair = KeyPair::generate().map_err(failed)?;
    let signed = params.self_signed(&pair).map_err(failed)?;
    // The key first: a certificate is only there if its key is.
    keep(key, pair.serialize_pem().as_bytes())?;
    keep(certificate, signed.pem().as_bytes())
}

/// Every name and address under which this host may be asked for.
fn names() -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let host = host_name();
    if host.is_ascii() && !host.is_empty() && host != "localhost" {
        names.push(host);
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    names.extend(interfaces.iter().map(|interface| interface.ip().to_string()));
    names.sort();
    names.dedup();
    names
}

/// Empty if the kernel does not say; the addresses are enough then.
fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// Writes a file that only its owner reads, as a whole or not at all.
fn keep(path: &Path, content: &[u8]) -> Result<(), ServeError> {
    let fresh = path.with_extension("pem.new");
    let written = || -> io::Result<()> {
        // What a crash left behind may have any mode.
        fs::remove_file(&fresh).or_else(|cause| match cause.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(cause),
        })?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    written().map_err(|cause| ServeError::Unwritable { path: path.to_owned(), cause })
}

/// As browsers show it: `AB:CD:...`.
fn fingerprint(certificate: &[u8]) -> String {
    let digits = secret::hexadecimal(&Sha256::digest(certificate)).to_uppercase();
    let pairs: Vec<&str> = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]).collect();
    pairs.join(":")
}
