//! The API on a port of its own: the gate's listener with the desk in memory behind it.

use std::net::SocketAddr;
use std::sync::Arc;

use event::Moment;
use gate::{Gate, Parts, Running, Server};
use quiet_desk::QuietDesk;
use tempfile::TempDir;

use crate::desk::Memory;

/// The API on a port of its own, in its own listener.
pub struct Site {
    pub memory: Arc<QuietDesk<Memory>>,
    pub address: SocketAddr,
    running: Option<Running>,
    pub directory: TempDir,
}

impl Site {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let http = config::Http { listen: Some("127.0.0.1:0".parse().unwrap()), ..config::Http::default() };
        let server = Server::bind(&http, directory.path()).unwrap();
        let address = server.address();
        let memory = Arc::new(QuietDesk(Memory::default()));
        let events = tokio::sync::broadcast::channel(1).0;
        let clock = || Moment::from_seconds(1_795_348_800);
        let gate = Gate::new(Parts { desk: memory.clone(), events, clock, http });
        let running = server.start(gate::layers(api::router(), gate)).unwrap();
        Self { memory, address, running: Some(running), directory }
    }

    pub fn stop(&mut self) {
        self.running.take().into_iter().for_each(Running::stop);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}
