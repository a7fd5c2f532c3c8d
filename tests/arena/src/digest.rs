//! HTTP digest authentication as SIP uses it (RFC 2617 with MD5): the challenge taken apart, the response computed.

use md5::{Digest, Md5};

/// What a registrar asks us to prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    qop: bool,
}

impl Challenge {
    /// From the value of a `WWW-Authenticate` header.
    pub fn parse(header: &str) -> Option<Self> {
        let fields = header.trim().strip_prefix("Digest ")?;
        Some(Self {
            realm: field(fields, "realm")?,
            nonce: field(fields, "nonce")?,
            opaque: field(fields, "opaque"),
            qop: field(fields, "qop").is_some(),
        })
    }

    /// The value of the `Authorization` header that answers it.
    pub fn answer(&self, account: &str, password: &str, method: &str, uri: &str) -> String {
        let Self { realm, nonce, .. } = self;
        let secret = hash(&format!("{account}:{realm}:{password}"));
        let request = hash(&format!("{method}:{uri}"));
        let (count, ours) = ("00000001", "0a4f113b");
        let (response, proof) = if self.qop {
            let response = hash(&format!("{secret}:{nonce}:{count}:{ours}:auth:{request}"));
            (response, format!(", qop=auth, nc={count}, cnonce=\"{ours}\""))
        } else {
            (hash(&format!("{secret}:{nonce}:{request}")), String::new())
        };
        let opaque = self.opaque.as_ref().map(|text| format!(", opaque=\"{text}\"")).unwrap_or_default();
        format!(
            "Digest username=\"{account}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5{proof}{opaque}"
        )
    }
}

/// The value of `name=value` or `name="value"` in a list with commas.
fn field(fields: &str, name: &str) -> Option<String> {
    let value = fields.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 2617, section 3.5, with the client nonce that it gives.
    #[test]
    fn the_example_of_the_rfc() {
        let header = "Digest realm=\"testrealm@host.com\", qop=\"auth\", \
                      nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let answer =
            Challenge::parse(header).unwrap().answer("Mufasa", "Circle Of Life", "GET", "/dir/index.html");
        assert!(answer.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{answer}");
        assert!(answer.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""), "{answer}");
    }

    #[test]
    fn other_schemes_are_no_challenge() {
        assert_eq!(Challenge::parse("Basic realm=\"x\""), None);
        assert_eq!(Challenge::parse("Digest realm=\"x\""), None);
    }
}
