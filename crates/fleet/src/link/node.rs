//! One server: commands go out together, answers come back in order. An answer that is late ends the connection, since the next
//! one read would be the wrong one.

use std::fmt;
use std::time::Duration;

use event::limit;
use redis::{Cmd, Connection, Value};

use crate::link::address::Server;
use crate::link::error::{LinkError, Trouble};

/// A connection to one server.
pub(crate) struct Node {
    connection: Connection,
    server: String,
}

const ANSWER: Duration = Duration::from_secs(limit::REDIS_ANSWER_SECONDS);

impl Node {
    pub(crate) fn connect(server: &Server) -> Result<Self, LinkError> {
        let wrong = |error| of_connect(server, &error);
        let limit = Duration::from_secs(limit::REDIS_CONNECT_SECONDS);
        let connection = server.client.get_connection_with_timeout(limit).map_err(wrong)?;
        connection.set_read_timeout(Some(ANSWER)).map_err(wrong)?;
        connection.set_write_timeout(Some(ANSWER)).map_err(wrong)?;
        Ok(Self { connection, server: server.name.clone() })
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// All answers, refusals among them.
    pub(crate) fn run_each(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let mut packed = Vec::new();
        for command in commands {
            command.write_packed_command(&mut packed);
        }
        if packed.is_empty() {
            return Ok(Vec::new());
        }
        // The library's own pipeline waits for each of the answers behind one that did not come, each time for the whole limit.
        self.send(&packed)?;
        commands.iter().map(|_| self.receive()).collect()
    }

    /// All answers; the first refusal is the error.
    pub(crate) fn run(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let answers = self.run_each(commands)?;
        for (command, answer) in commands.iter().zip(&answers) {
            if let Value::ServerError(error) = answer {
                return Err(LinkError::refused(&self.server, command, error));
            }
        }
        Ok(answers)
    }

    pub(crate) fn run_atomic(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let mut all = vec![redis::cmd("MULTI")];
        all.extend_from_slice(commands);
        all.push(redis::cmd("EXEC"));
        let mut answers = self.run_each(&all)?;
        // A command that was refused when it was queued says more than the EXEC that was refused for it.
        for (command, answer) in all.iter().zip(&answers) {
            if let Value::ServerError(error) = answer {
                return Err(LinkError::refused(&self.server, command, error));
            }
        }
        let Some(Value::Array(values)) = answers.pop() else {
            return Err(LinkError::new(&self.server, Trouble::Unexpected("no answer to EXEC".to_owned())));
        };
        for (command, answer) in commands.iter().zip(&values) {
            if let Value::ServerError(error) = answer {
                return Err(LinkError::refused(&self.server, command, error));
            }
        }
        Ok(values)
    }

    pub(crate) fn wait(&mut self, command: &Cmd, limit: Duration) -> Result<Value, LinkError> {
        let limit = limit.saturating_add(ANSWER);
        self.connection.set_read_timeout(Some(limit)).map_err(|error| LinkError::of(&self.server, &error))?;
        let answers = self.run(std::slice::from_ref(command));
        self.connection
            .set_read_timeout(Some(ANSWER))
            .map_err(|error| LinkError::of(&self.server, &error))?;
        Ok(answers?.into_iter().next().unwrap_or(Value::Nil))
    }

    /// The connection alone, and where it leads.
    pub(crate) fn into_connection(self) -> (String, Connection) {
        (self.server, self.connection)
    }

    fn send(&mut self, packed: &[u8]) -> Result<(), LinkError> {
        self.connection.send_packed_command(packed).map_err(|error| LinkError::of(&self.server, &error))
    }

    fn receive(&mut self) -> Result<Value, LinkError> {
        self.connection.recv_response().map_err(|error| LinkError::of(&self.server, &error))
    }
}

fn of_connect(server: &Server, error: &redis::RedisError) -> LinkError {
    let mut error = LinkError::of(&server.name, error);
    // A server that does not speak TLS hangs up at the greeting.
    if server.is_tls
        && let Trouble::Lost(why) = error.trouble
    {
        error.trouble = Trouble::Tls(why);
    }
    error
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("server", &self.server).finish_non_exhaustive()
    }
}
