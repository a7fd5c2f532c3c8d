//! The socket itself, with clients that behave and clients that do not.

use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn said(stream: &mut UnixStream, command: &Value) -> Vec<u8> {
    stream.write_all(&[pickle::write(command).as_slice(), END].concat()).unwrap();
    heard(stream)
}

fn heard(stream: &mut UnixStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(END) {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    answer.truncate(answer.len() - END.len());
    answer
}

#[test]
fn commands_are_answered_until_the_socket_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sock");
    let socket = Socket::bind(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let stop = socket.stopper();
    let inner = stop.clone();
    let server = std::thread::spawn(move || {
        socket.serve(move |command| match command.as_items().and_then(|words| words[0].as_text()) {
            Some("stop") => {
                inner.stop();
                Ok(Value::None)
            }
            _ => Ok(command.clone()),
        })
    });
    let mut stream = UnixStream::connect(&path).unwrap();
    let command = Value::texts(["echo", "x"]);
    let wanted = Value::Tuple(vec![Value::Int(0), command.clone()]);
    assert_eq!(pickle::read(&said(&mut stream, &command)), Ok(wanted.clone()));
    assert!(matches!(Socket::bind(&path), Err(SocketError::InUse(_))));
    // What is no pickle is answered, and the connection goes on.
    stream.write_all(&[b"cos\nsystem\n(S'true'\ntR.".as_slice(), END].concat()).unwrap();
    let refused = pickle::read(&heard(&mut stream)).unwrap();
    assert!(refused.as_text().is_some_and(|text| text.starts_with("ERROR: ") && text.contains("GLOBAL")));
    assert_eq!(pickle::read(&said(&mut stream, &command)), Ok(wanted));
    let wanted = Value::Tuple(vec![Value::Int(0), Value::None]);
    assert_eq!(pickle::read(&said(&mut stream, &Value::texts(["stop"]))), Ok(wanted));
    drop(stream);
    server.join().unwrap().unwrap();
    assert!(!path.exists());
}

#[test]
fn only_what_is_left_over_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sock");
    drop(UnixListener::bind(&path).unwrap());
    let socket = Socket::bind(&path).unwrap();
    // Somebody else's file is not removed.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "x").unwrap();
    drop(socket);
    assert!(path.exists());
    assert!(matches!(Socket::bind(&path), Err(SocketError::InTheWay(_))));
    fs::remove_file(&path).unwrap();
    let target = dir.path().join("target");
    fs::write(&target, "kept").unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert!(matches!(Socket::bind(&path), Err(SocketError::InTheWay(_))));
    assert_eq!(fs::read(&target).unwrap(), b"kept");
}

#[test]
fn there_are_so_many_seats() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sock");
    let socket = Socket::bind(&path).unwrap();
    let stop = socket.stopper();
    let server = std::thread::spawn(move || socket.serve(|command| Ok(command.clone())));
    let command = Value::texts(["ping"]);
    let mut held: Vec<UnixStream> =
        (0..FAIL2BAN_CLIENTS).map(|_| UnixStream::connect(&path).unwrap()).collect();
    for stream in &mut held {
        said(stream, &command);
    }
    let mut further = UnixStream::connect(&path).unwrap();
    assert_eq!(further.read(&mut [0]).unwrap_or(0), 0);
    drop(held);
    stop.stop();
    server.join().unwrap().unwrap();
}
