//! A method of an action that a client calls: `set JAIL action NAME METHOD`. Answers and errors are those of fail2ban.

use std::collections::HashMap;

use dropin::{Class, Wrong};
use fail2ban::Value;
use serde_json::{Map, Value as Json};

use crate::action::{Action, Scene};
use crate::fault::Fault;
use crate::info::GivenInfo;
use crate::worker::Worker;

impl Worker {
    /// Calls a method. The answer is what the client prints.
    pub(crate) fn call(
        &mut self,
        name: &str,
        method: &str,
        arguments: &Map<String, Json>,
    ) -> Result<Value, Wrong> {
        let jail = self.jail_name().to_owned();
        let done = self.with_action(name, |worker, action| match method {
            "ban" | "reban" | "prolong" | "unban" => by_hand(worker, action, method, arguments),
            "start" => {
                worker.told(None, false, |scene| whole(&jail, action, "starting", Action::start, scene))
            }
            "stop" => worker.told(None, false, |scene| whole(&jail, action, "stopping", Action::stop, scene)),
            "flush" => {
                worker.told(None, false, |scene| whole(&jail, action, "flushing", Action::flush, scene))
            }
            "reload" => {
                worker.told(None, false, |scene| whole(&jail, action, "reloading", Action::reload, scene))
            }
            "consistencyCheck" => {
                Ok(Value::Bool(worker.told(None, false, |scene| action.check(true, scene))))
            }
            "invalidateBanEpoch" => {
                action.epoch = worker.count_epoch();
                Ok(Value::None)
            }
            "escapeTag" => Ok(Value::text(escaped(argument(arguments, "value")?))),
            _ => Err(Wrong::exception(format!("{method} of an action cannot be called here"))),
        });
        done.unwrap_or_else(|| Err(Wrong::new(Class::Key, format!("Invalid Action name: {name}"))))
    }
}

type Step = fn(&mut Action, &Scene<'_>) -> Result<(), Fault>;

fn whole(
    jail: &str,
    action: &mut Action,
    doing: &str,
    step: Step,
    scene: &Scene<'_>,
) -> Result<Value, Wrong> {
    step(action, scene).map(|()| Value::Bool(true)).map_err(|_| {
        let text = format!("Error {doing} action Jail('{jail}')/{}: 'Script error'", action.name);
        Wrong::new(Class::Runtime, text)
    })
}

fn by_hand(
    worker: &Worker,
    action: &mut Action,
    method: &str,
    arguments: &Map<String, Json>,
) -> Result<Value, Wrong> {
    let Some(Json::Object(told)) = arguments.get("aInfo") else {
        return Err(Wrong::kind(format!(
            "CommandAction.{method}() missing 1 required positional argument: 'aInfo'"
        )));
    };
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let told: HashMap<String, String> =
        told.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let ip = told.get("ip").cloned().unwrap_or_default();
    let family = told.get("family").cloned().unwrap_or_default();
    let info = GivenInfo(told);
    let done = worker.with_scene(&info, |scene| match method {
        "ban" => action.ban(&family, scene),
        "reban" => action.reban(&family, scene),
        "prolong" => action.prolong(&family, scene),
        _ => action.unban(&family, scene),
    });
    let doing = match method {
        "prolong" => "prolonging",
        "unban" => "unbanning",
        _ => "banning",
    };
    done.map(|()| Value::None).map_err(|_| Wrong::new(Class::Runtime, format!("Error {doing} {ip}")))
}

fn argument<'a>(arguments: &'a Map<String, Json>, name: &str) -> Result<&'a str, Wrong> {
    arguments
        .get(name)
        .and_then(Json::as_str)
        .ok_or_else(|| Wrong::kind(format!("missing 1 required positional argument: '{name}'")))
}

/// As fail2ban escapes; for whoever asks, since nothing here needs it.
fn escaped(text: &str) -> String {
    let mut made = String::new();
    for one in text.chars() {
        if "\\#&;`|*?~<>^()[]{}$'\"\n\r".contains(one) {
            made.push('\\');
        }
        made.push(match one {
            '\n' => 'n',
            '\r' => 'r',
            other => other,
        });
    }
    made
}
