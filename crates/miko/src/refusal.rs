//! Why an action was not done, each with its status and what the client is told.

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use control::Fault;
use event::Subject;
use gate::{SignInRefused, Wrong};

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The gate lets nobody in like that; it has its own status.
    Gate(Wrong),
    /// The desk does not do it.
    Desk(Fault),
    /// The gate does not sign in with this name and password.
    SignIn(SignInRefused),
    /// The gate gives no new tokens for this refresh token.
    Refresh(SignInRefused),
    /// Fields that cannot be what they are. 422.
    Input(Vec<Flaw>),
    /// Neither a name nor a password, or only one of them. 400, as MikoPBX has it.
    NoCredentials,
    /// The body is larger than any of these requests needs. 413.
    TooLarge,
    /// No network has that id. 404.
    UnknownId(String),
    /// Another network is that subnet already. 409.
    Taken(Subject),
    /// There is no such path. 404.
    UnknownPath,
    /// The path is there, the method is not. 405.
    WrongMethod,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Which field, as the client spells it.
    pub field: String,
    /// What is wrong, and what was expected.
    pub text: String,
}

impl Refusal {
    /// A single flaw.
    pub fn flaw(field: &str, text: String) -> Self {
        Self::Input(vec![Flaw { field: field.to_owned(), text }])
    }

    /// The status of HTTP.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Gate(wrong) => {
                StatusCode::from_u16(wrong.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Desk(fault) => status_of(fault),
            Self::SignIn(refused) | Self::Refresh(refused) => match refused {
                SignInRefused::Wrong => StatusCode::UNAUTHORIZED,
                SignInRefused::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                SignInRefused::Banned | SignInRefused::NotSetUp => StatusCode::FORBIDDEN,
                SignInRefused::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Input(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoCredentials => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownId(_) | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::Taken(_) => StatusCode::CONFLICT,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// What goes into `messages.error`: one text for each thing that is wrong.
    pub fn messages(&self) -> Vec<String> {
        match self {
            Self::Gate(wrong) => {
                wrong.problems.iter().map(|one| said(&one.place, &one.what, &one.expected)).collect()
            }
            Self::Desk(Fault::Wrong(complaints)) => {
                complaints.iter().map(|one| format!("{}: {}", one.place, one.text)).collect()
            }
            Self::Desk(fault) => vec![fault.to_string()],
            Self::Refresh(SignInRefused::Wrong) => {
                vec![
                    "the refresh token is missing, was used before or is too old; sign in with auth:login"
                        .to_owned(),
                ]
            }
            Self::SignIn(refused) | Self::Refresh(refused) => vec![sign_in(refused)],
            Self::Input(flaws) => flaws.iter().map(|one| format!("{}: {}", one.field, one.text)).collect(),
            Self::NoCredentials => vec!["login and password are required; send both".to_owned()],
            Self::TooLarge => vec!["the body is too large; send the fields of this request only".to_owned()],
            Self::UnknownId(id) => {
                vec![format!("there is no network with the id '{id}'; see the list for those that are")]
            }
            Self::Taken(subnet) => vec![format!(
                "network: there is a network '{subnet}' already; change that one, or choose another subnet"
            )],
            Self::UnknownPath => vec!["there is no such path".to_owned()],
            Self::WrongMethod => vec!["this path does not take this method".to_owned()],
        }
    }

    /// Headers that belong to it.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let retry_after = match self {
            Self::Gate(wrong) => wrong.retry_after,
            Self::SignIn(refused) | Self::Refresh(refused) => match refused {
                SignInRefused::TooMany { retry_after } => Some(*retry_after),
                _ => None,
            },
            _ => None,
        };
        retry_after.map(|seconds| headers.insert(RETRY_AFTER, HeaderValue::from(seconds)));
        headers
    }
}

fn sign_in(refused: &SignInRefused) -> String {
    match refused {
        SignInRefused::Wrong => "login or password is wrong".to_owned(),
        SignInRefused::TooMany { retry_after } => {
            format!("too many attempts to sign in; try again in {retry_after} seconds")
        }
        SignInRefused::Banned => {
            "this address is blocked; somebody who is signed in can unblock it".to_owned()
        }
        SignInRefused::NotSetUp => {
            "no password is set yet; open the link that 'stockade run' printed, or run 'stockade passwd'"
                .to_owned()
        }
        SignInRefused::Broken(cause) => format!("the sign-in could not be judged: {cause}"),
    }
}

/// A change that would cut the client off is bad input here: MikoPBX's clients know no trial that must be confirmed.
fn status_of(fault: &Fault) -> StatusCode {
    match fault {
        Fault::Wrong(_) | Fault::CutOff(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Refused(_) | Fault::Changed(_) => StatusCode::CONFLICT,
        Fault::Missing(_) => StatusCode::NOT_FOUND,
        Fault::ReadOnly(_) => StatusCode::FORBIDDEN,
        Fault::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn said(place: &str, what: &str, expected: &str) -> String {
    let mut text = String::new();
    for (part, joint) in [(place, ""), (what, ": "), (expected, "; ")] {
        if !part.is_empty() {
            text.push_str(if text.is_empty() { "" } else { joint });
            text.push_str(part);
        }
    }
    text
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::Gate(wrong)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Desk(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gate_says_is_one_sentence() {
        assert_eq!(said("password", "it is wrong", "try again"), "password: it is wrong; try again");
        assert_eq!(said("", "too many attempts", ""), "too many attempts");
        assert_eq!(said("Authorization", "", "a bearer token"), "Authorization; a bearer token");
    }

    #[test]
    fn faults_have_the_status_that_mikopbx_clients_expect() {
        let text = String::new;
        let cases = [
            (Fault::Wrong(Vec::new()), 422),
            (Fault::CutOff(text()), 422),
            (Fault::Refused(text()), 409),
            (Fault::Changed(text()), 409),
            (Fault::Missing(text()), 404),
            (Fault::ReadOnly(text()), 403),
            (Fault::Broken(text()), 500),
        ];
        for (fault, status) in cases {
            assert_eq!(Refusal::from(fault.clone()).status().as_u16(), status, "{fault:?}");
        }
    }
}
