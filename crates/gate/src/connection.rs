//! How many connections there may be, over all and of one address. What is too much is closed before a byte is read, so that
//! one client cannot keep everybody else out.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use event::{Subject, limit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::visitor;

/// Lets connections in.
#[derive(Clone)]
pub struct Doorman {
    places: Arc<Places>,
}

struct Places {
    taken: Mutex<Taken>,
    /// All their clients come from one address.
    proxies: Vec<Subject>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// Nobody stands here without a connection, so this is no longer than `limit::HTTP_CONNECTIONS`.
    of: HashMap<Subject, usize>,
}

/// A connection that was let in; its place is free again when it is dropped.
pub struct Admitted {
    stream: TcpStream,
    _place: Place,
}

struct Place {
    places: Arc<Places>,
    subject: Subject,
}

impl Doorman {
    /// Counts connections, but not those of one proxy.
    pub fn new(proxies: Vec<Subject>) -> Self {
        Self { places: Arc::new(Places { taken: Mutex::default(), proxies }) }
    }

    fn admit(&self, stream: TcpStream) -> io::Result<Admitted> {
        let address = stream.peer_addr()?.ip().to_canonical();
        let place = self.place(address).ok_or_else(|| io::Error::other("too many connections"))?;
        // Answers are short and go out at once.
        stream.set_nodelay(true)?;
        // No timer of ours sees a client that takes nothing, or that is gone without a word while it listens to events.
        rustix::net::sockopt::set_tcp_user_timeout(&stream, limit::HTTP_STALLED_SECONDS * 1000)?;
        Ok(Admitted { stream, _place: place })
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let subject = Subject::counted(address);
        let mut taken = self.places.taken();
        let of_subject = taken.of.get(&subject).copied().unwrap_or(0);
        let is_free = of_subject < limit::HTTP_CONNECTIONS_PER_ADDRESS
            || visitor::is_among(&self.places.proxies, address);
        if taken.all >= limit::HTTP_CONNECTIONS || !is_free {
            return None;
        }
        taken.all += 1;
        taken.of.insert(subject, of_subject + 1);
        Some(Place { places: Arc::clone(&self.places), subject })
    }
}

impl Places {
    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        match taken.of.get_mut(&self.subject) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.of.remove(&self.subject);
            }
        }
    }
}

impl<S> Accept<TcpStream, S> for Doorman {
    type Stream = Admitted;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Admitted, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        std::future::ready(self.admit(stream).map(|admitted| (admitted, service)))
    }
}

impl AsyncRead for Admitted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Admitted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_share_and_a_proxy_all_of_it() {
        let proxy: IpAddr = "192.0.2.1".parse().unwrap();
        let door = Doorman::new(vec![Subject::exactly(proxy)]);
        let client = "2001:db8::1".parse().unwrap();
        let held: Vec<_> =
            (0..limit::HTTP_CONNECTIONS_PER_ADDRESS).map(|_| door.place(client).unwrap()).collect();
        // The neighbour in the same /64 is the same client.
        assert!(door.place("2001:db8::2".parse().unwrap()).is_none());
        let rest: Vec<_> = std::iter::from_fn(|| door.place(proxy)).collect();
        assert_eq!(held.len() + rest.len(), limit::HTTP_CONNECTIONS);
        drop(held);
        assert!(door.place(client).is_some());
        drop(rest);
        assert_eq!(door.places.taken().all, 0);
        assert!(door.places.taken().of.is_empty());
    }
}
