//! Asks the running Stockade and prints its answer.

use control::client::AskError;
use control::{Answer, Request};

use crate::args::Place;
use crate::{Exit, banned, out, status, why};

/// Sends `request` and prints what comes back, as JSON or for people.
pub fn ask(place: &Place, request: &Request, json: bool) -> Exit {
    conclude(control::ask(&place.socket(), request), json)
}

/// Asks for the jails and prints only those.
pub fn jails(place: &Place, json: bool) -> Exit {
    match control::ask(&place.socket(), &Request::Status { jail: None }) {
        Ok(Answer::Status(status)) if json => {
            out::json(&status.jails);
            Exit::Done
        }
        Ok(Answer::Status(status)) => {
            out::text(&status::jails(&status.jails));
            Exit::Done
        }
        other => conclude(other, json),
    }
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
            out::tell(message, json);
            Exit::Done
        }
        Answer::No(message) => {
            out::tell(message, json);
            Exit::No
        }
        Answer::Fault(message) => {
            eprintln!("stockade: {message}");
            Exit::Failed
        }
    }
}
