//! A path to a server that can be slow, or swallow everything without a word, as a cut line does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub struct Proxy {
    pub port: u16,
    mode: Arc<AtomicU64>,
}

const CUT: u64 = u64::MAX;

impl Proxy {
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&mode);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                carry(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&shared));
                carry(server, client, Arc::clone(&shared));
            }
        });
        Self { port, mode }
    }

    /// Each piece takes that long.
    pub fn slow(&self, delay: Duration) {
        self.mode.store(u64::try_from(delay.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Everything vanishes.
    pub fn cut(&self) {
        self.mode.store(CUT, Ordering::Relaxed);
    }

    pub fn mend(&self) {
        self.mode.store(0, Ordering::Relaxed);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, mode: Arc<AtomicU64>) {
    std::thread::spawn(move || {
        let mut piece = [0; 65_536];
        while let Ok(count) = from.read(&mut piece) {
            if count == 0 {
                break;
            }
            match mode.load(Ordering::Relaxed) {
                CUT => continue,
                0 => {}
                millis => std::thread::park_timeout(Duration::from_millis(millis)),
            }
            if to.write_all(&piece[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}
