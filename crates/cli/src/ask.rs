//! Asks the running Stockade and prints its answer.

use control::client::AskError;
use control::{Answer, Request};

use crate::args::Place;
use crate::{Exit, banned, say, status, why};

/// Sends `request` and prints what comes back, as JSON or for people.
pub fn ask(place: &Place, request: &Request, json: bool) -> Exit {
    conclude(control::ask(&place.socket(), request), json)
}

/// Prints an answer, or why there is none.
pub fn conclude(answer: Result<Answer, AskError>, json: bool) -> Exit {
    match answer {
        Ok(answer) => print(&answer, json),
        Err(wrong) => {
            eprintln!("stockade: {wrong}");
            match wrong {
                AskError::NotRunning(_) => Exit::Unavailable,
                AskError::NotAllowed(_) => Exit::NotAllowed,
                _ => Exit::Failed,
            }
        }
    }
}

fn print(answer: &Answer, json: bool) -> Exit {
    match answer {
        Answer::Status(data) => {
            status::print(data, json);
            Exit::Done
        }
        Answer::Banned(rows) => {
            banned::print(rows, json);
            Exit::Done
        }
        Answer::Why(data) => {
            why::print(data, json);
            if data.banned { Exit::Done } else { Exit::No }
        }
        Answer::Done(message) => {
            tell(message, json);
            Exit::Done
        }
        Answer::No(message) => {
            tell(message, json);
            Exit::No
        }
        Answer::Fault(message) => {
            eprintln!("stockade: {message}");
            Exit::Failed
        }
    }
}

/// A sentence for people, or as JSON.
pub fn tell(message: &str, json: bool) {
    if json {
        print_json(&serde_json::json!({ "message": message }));
    } else {
        say!("{message}");
    }
}

/// One JSON value on a line; a closed pipe is no error.
pub fn print_json(value: &impl serde::Serialize) {
    use std::io::Write;
    let stdout = std::io::stdout().lock();
    let mut out = std::io::BufWriter::new(stdout);
    let _ = serde_json::to_writer(&mut out, value).map(|()| writeln!(out).and_then(|()| out.flush()));
}
