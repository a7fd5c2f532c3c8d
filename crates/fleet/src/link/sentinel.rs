//! Asks Sentinels where the master is, and makes sure that whoever answers there is one: a Sentinel may be behind.

use redis::{Value, cmd, from_redis_value};

use crate::link::address::Access;
use crate::link::error::{LinkError, Trouble};
use crate::link::node::Node;

pub(crate) fn connect(access: &Access, sentinels: &[String], master: &str) -> Result<Node, LinkError> {
    let mut said = Vec::new();
    for url in sentinels {
        match ask(access, url, master) {
            Ok(node) => return Ok(node),
            // Another Sentinel knows no other password.
            Err(error) if matches!(error.trouble, Trouble::PasswordMissing | Trouble::PasswordWrong(_)) => {
                return Err(error);
            }
            Err(error) => said.push(error.to_string()),
        }
    }
    if said.is_empty() {
        said.push("no Sentinel is named".to_owned());
    }
    Err(LinkError::settings(Trouble::NoMaster { master: master.to_owned(), said }))
}

fn ask(access: &Access, url: &str, master: &str) -> Result<Node, LinkError> {
    let question = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(master).to_owned();
    let mut sentinel = Node::connect(&access.sentinel(url, false)?)?;
    let answer = match sentinel.run(std::slice::from_ref(&question)) {
        // It asks for a password, and its URL has none: most often all share one. It is not sent to one that asks for none.
        Err(error) if error.trouble == Trouble::PasswordMissing => {
            sentinel = Node::connect(&access.sentinel(url, true)?)?;
            sentinel.run(&[question])
        }
        answer => answer,
    };
    let answer = answer?.pop().unwrap_or(Value::Nil);
    let unknown = |what: &str| LinkError::new(sentinel.server(), Trouble::Unexpected(what.to_owned()));
    if answer == Value::Nil {
        return Err(unknown("it knows no master of that name"));
    }
    let (host, port): (String, u16) =
        from_redis_value(answer).map_err(|_| unknown("no address in its answer"))?;
    let mut node = Node::connect(&access.master(&host, port, url)?)?;
    let role = node.run(&[cmd("ROLE")])?.pop();
    let Some(Value::Array(role)) = role else {
        return Err(LinkError::new(node.server(), Trouble::Unexpected("no answer to ROLE".to_owned())));
    };
    let word: String =
        role.into_iter().next().and_then(|word| from_redis_value(word).ok()).unwrap_or_default();
    if word == "master" { Ok(node) } else { Err(LinkError::new(node.server(), Trouble::ReadOnly)) }
}
