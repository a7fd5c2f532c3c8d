//! The listener, and the threads that serve. HTTP/1.1 alone, with and without TLS: a page like ours gains nothing from HTTP/2,
//! whose many requests on one connection would slip past the bounds here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use config::Http;
use event::{Subject, limit};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::certificate::{self, Certificate};
use crate::connection::Doorman;
use crate::serve_error::ServeError;

/// Threads that serve requests; whatever may wait is done on others.
const THREADS: usize = 2;

/// A listener that is open and serves nobody yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    certificate: Option<Certificate>,
    proxies: Vec<Subject>,
}

/// A server that serves until it is stopped.
pub struct Running {
    runtime: Runtime,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Opens the listener and reads or makes the certificate, so that everything that can go wrong is told at once.
    pub fn bind(http: &Http, state_dir: &Path) -> Result<Self, ServeError> {
        let wanted = http.listen.ok_or(ServeError::NotWanted)?;
        let bound = |cause| ServeError::Bind { address: wanted, cause };
        let listener = TcpListener::bind(wanted).map_err(bound)?;
        let address = listener.local_addr().map_err(bound)?;
        let given = http.certificate.as_ref();
        let certificate = http.speaks_tls().then(|| certificate::open(given, state_dir)).transpose()?;
        if let Some(certificate) = &certificate {
            tracing::info!("the page's certificate has the SHA-256 fingerprint {}", certificate.fingerprint);
        }
        Ok(Self { listener, address, certificate, proxies: http.trusted_proxies.clone() })
    }

    /// Where it listens, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The SHA-256 fingerprint of the certificate, if TLS is spoken.
    pub fn fingerprint(&self) -> Option<&str> {
        self.certificate.as_ref().map(|certificate| certificate.fingerprint.as_str())
    }

    /// Under which address a browser finds it: for a listener on all addresses, one of this host.
    pub fn base_url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let mut shown = self.address;
        if shown.ip().is_unspecified() {
            shown.set_ip(own_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        format!("{scheme}://{shown}")
    }

    /// Serves on threads of its own.
    pub fn start(self, router: Router) -> Result<Running, ServeError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(limit::HTTP_BLOCKING_THREADS)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        let handle = Handle::new();
        let door = Doorman::new(self.proxies);
        let services = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = {
            let _entered = runtime.enter();
            let server = axum_server::from_tcp(self.listener).map_err(ServeError::Threads)?;
            let server = server.handle(handle.clone());
            match self.certificate {
                None => runtime.spawn(prepared(server.acceptor(door)).serve(services)),
                Some(certificate) => {
                    let config = RustlsConfig::from_config(certificate.config);
                    let span = Duration::from_secs(limit::HTTP_HEAD_SECONDS);
                    let acceptor = RustlsAcceptor::new(config).handshake_timeout(span).acceptor(door);
                    runtime.spawn(prepared(server.acceptor(acceptor)).serve(services))
                }
            }
        };
        Ok(Running { runtime, handle, task })
    }
}

impl Running {
    /// Accepts nobody any more, lets open requests finish, and cuts what is left after `limit::HTTP_GRACE_SECONDS`.
    pub fn stop(self) {
        let grace = Duration::from_secs(limit::HTTP_GRACE_SECONDS);
        self.handle.graceful_shutdown(Some(grace));
        let ended = self.runtime.block_on(async { tokio::time::timeout(grace * 2, self.task).await });
        if !matches!(ended, Ok(Ok(Ok(())))) {
            tracing::warn!("the page did not end in order: {ended:?}");
        }
        // A thread that waits for the engine is left to itself: the engine may be waiting for us.
        self.runtime.shutdown_timeout(Duration::from_millis(100));
    }
}

/// Sets what holds for every connection.
fn prepared<A>(server: axum_server::Server<SocketAddr, A>) -> axum_server::Server<SocketAddr, A> {
    let mut server = server.http1_only();
    let span = Duration::from_secs(limit::HTTP_HEAD_SECONDS);
    server.http_builder().http1().header_read_timeout(span).max_buf_size(limit::HTTP_HEAD_BYTES);
    server
}

/// An address of this host by which others reach it.
fn own_address() -> Option<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().ok()?;
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    addresses.retain(|address| !address.is_loopback());
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.first().copied()
}
