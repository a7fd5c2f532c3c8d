//! Clients that are slow on purpose, or many.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use browser::daemon::PORT;
use browser::{Result, Settings, Stage};

/// More than the server allows for a head (10 s), with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_head_that_never_ends_is_given_up() -> Result<()> {
    let stage = Stage::with(&Settings::default().without_tls())?;
    let server = SocketAddr::new(stage.server().address(), PORT);
    let ending = stage.stranger().enter(|| -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: stockade\r\nX-Slow: ")?;
        is_closed(&mut stream)
    })?;
    assert!(ending.map_err(arena::Error::io("talk to", server))?, "the server hung up");
    Ok(())
}

#[test]
fn somebody_who_holds_all_his_connections_keeps_nobody_else_out() -> Result<()> {
    let stage = Stage::new()?;
    let server = SocketAddr::new(stage.server().address(), PORT);
    let held = stage.stranger().enter(|| -> std::io::Result<Vec<TcpStream>> {
        (0..300).map(|_| TcpStream::connect_timeout(&server, Duration::from_secs(5))).collect()
    })?;
    let held = held.map_err(arena::Error::io("connect to", server))?;
    assert_eq!(held.len(), 300);
    let answer = stage.client(stage.admin()).get("/sign-in")?;
    assert_eq!(answer.status, 200);
    assert!(answer.seconds < 5.0, "{} s", answer.seconds);
    // Those past a client's share are closed unread.
    let mut last = held.into_iter().next_back().expect("300");
    let closed = last.set_read_timeout(Some(PATIENCE)).and_then(|()| is_closed(&mut last));
    assert!(closed.map_err(arena::Error::io("read from", server))?);
    Ok(())
}

/// Waits for the other end to hang up; whatever it says before that is no matter.
fn is_closed(stream: &mut TcpStream) -> std::io::Result<bool> {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
}
