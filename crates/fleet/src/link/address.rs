//! Where a server is and how to sign in there: settings, the password's file and the certificate authority's made into what the
//! library takes. It opens no connection.

use std::io::Read;
use std::path::{Path, PathBuf};

use config::redis::{Redis, Servers};
use event::limit;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates,
};

use crate::link::error::{LinkError, Trouble};

/// How to sign in, read from the files once for a connection.
#[derive(Clone)]
pub(crate) struct Access {
    user: Option<String>,
    password: Option<String>,
    authority: Option<Vec<u8>>,
    authority_file: Option<PathBuf>,
    database: i64,
}

/// One server, ready to be connected to.
pub(crate) struct Server {
    pub(crate) client: Client,
    /// `host:port`, for people.
    pub(crate) name: String,
    pub(crate) is_tls: bool,
}

/// Settings for a server that was named on a command line. User and password may stand in the URL; where `password_file` is
/// given, it counts.
pub fn settings_of_url(url: &str, prefix: &str, password_file: Option<PathBuf>) -> Result<Redis, LinkError> {
    let info = parse(url)?;
    let database = u32::try_from(info.redis_settings().db()).map_err(|_| {
        let why = "the number of the database is not one".to_owned();
        LinkError::settings(Trouble::Address { address: shown(url), why })
    })?;
    Ok(Redis {
        servers: Servers::Single(url.to_owned()),
        database,
        prefix: prefix.to_owned(),
        user: None,
        password_file,
        ca_file: None,
        keys: true,
        fleet: false,
        fleet_counts: false,
    })
}

impl Access {
    pub(crate) fn of(settings: &Redis) -> Result<Self, LinkError> {
        let password = settings.password_file.as_deref().map(password_in).transpose()?;
        let authority =
            settings.ca_file.as_deref().map(|path| read(path, limit::CONFIG_BYTES)).transpose()?;
        let database = match settings.servers {
            Servers::Cluster(_) if settings.database != 0 => {
                let said = format!("{} in a cluster", settings.database);
                return Err(LinkError::settings(Trouble::Database(said)));
            }
            _ => i64::from(settings.database),
        };
        let authority_file = settings.ca_file.clone();
        Ok(Self { user: settings.user.clone(), password, authority, authority_file, database })
    }

    /// A server that keeps data, by its URL, whose database counts where the settings name none.
    pub(crate) fn server(&self, url: &str) -> Result<Server, LinkError> {
        let info = parse(url)?;
        let of_url = info.redis_settings();
        let database = if self.database == 0 { of_url.db() } else { self.database };
        let redis = self.sign_in(of_url).set_db(database);
        self.ready(info.set_redis_settings(redis))
    }

    /// A Sentinel, which has no databases and an account of its own: the one in its URL, or none, or the master's.
    pub(crate) fn sentinel(&self, url: &str, is_master_account: bool) -> Result<Server, LinkError> {
        let info = parse(url)?;
        let of_url = info.redis_settings();
        let redis = if is_master_account { self.sign_in(of_url) } else { of_url.clone() }.set_db(0);
        self.ready(info.set_redis_settings(redis))
    }

    /// A server that another one named, reached in the way in which `like` is.
    pub(crate) fn named(&self, host: &str, port: u16, like: &str) -> Result<Server, LinkError> {
        let info = parse(like)?;
        let is_tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        let host = host.to_owned();
        let address = if is_tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let redis = self.sign_in(info.redis_settings()).set_db(self.database);
        self.ready(info.set_addr(address).set_redis_settings(redis))
    }

    /// The same without what a URL says about the account: a Sentinel's account is not the master's.
    pub(crate) fn master(&self, host: &str, port: u16, sentinel: &str) -> Result<Server, LinkError> {
        let scheme = sentinel.split_once("://").map_or("redis", |(scheme, _)| scheme);
        self.named(host, port, &format!("{scheme}://sentinel"))
    }

    fn sign_in(&self, of_url: &RedisConnectionInfo) -> RedisConnectionInfo {
        let mut redis = of_url.clone().set_lib_name("stockade", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.user {
            redis = redis.set_username(user);
        }
        if let Some(password) = &self.password {
            redis = redis.set_password(password);
        }
        redis
    }

    fn ready(&self, info: ConnectionInfo) -> Result<Server, LinkError> {
        // Waiting for a full packet before sending would cost 40 ms for each small command.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        let info = info.set_tcp_settings(tcp);
        let name = match info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
            }
            other => other.to_string(),
        };
        let is_tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        let opened = if is_tls {
            if rustls::crypto::CryptoProvider::get_default().is_none() {
                // Somebody else may have been faster, with the same provider.
                let _ = rustls::crypto::ring::default_provider().install_default();
            }
            let certificates = TlsCertificates { client_tls: None, root_cert: self.authority.clone() };
            Client::build_with_tls(info, certificates)
        } else {
            Client::open(info)
        };
        let client = opened.map_err(|error| match &self.authority_file {
            Some(path) if is_tls => {
                LinkError::settings(Trouble::File { path: path.clone(), why: error.to_string() })
            }
            _ => LinkError::of(&name, &error),
        })?;
        Ok(Server { client, name, is_tls })
    }
}

fn parse(url: &str) -> Result<ConnectionInfo, LinkError> {
    let whole = if url.contains("://") { url.to_owned() } else { format!("redis://{url}") };
    whole.as_str().into_connection_info().map_err(|error| {
        LinkError::settings(Trouble::Address { address: shown(url), why: error.to_string() })
    })
}

/// A URL as it may be shown: without user and password.
pub(crate) fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        _ => url.to_owned(),
    }
}

fn password_in(path: &Path) -> Result<String, LinkError> {
    let wrong = |why: &str| LinkError::settings(Trouble::File { path: path.to_owned(), why: why.to_owned() });
    let bytes = read(path, limit::REDIS_PASSWORD_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("the password in it is not UTF-8"))?;
    let password = text.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(wrong("it is empty; write the password alone into it"));
    }
    Ok(password.to_owned())
}

fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, LinkError> {
    let wrong = |why: String| LinkError::settings(Trouble::File { path: path.to_owned(), why });
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).map_err(|error| wrong(format!("cannot be opened: {error}")))?;
    opened
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > bytes_max {
        return Err(wrong(format!("is longer than {bytes_max} bytes")));
    }
    Ok(bytes)
}
