//! Bans come and go while Redis is killed, emptied and cut off and the node is restarted: in the end exactly what is wanted stands
//! there, beside what others wrote.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event::{Category, JailName, Moment};
use fleet::{Held, Wanted};

use crate::keys::start;
use crate::support::deadline::until;
use crate::support::host::{Program, in_seconds, now};
use crate::support::proxy::Proxy;
use crate::support::server::{Server, settings};
use crate::support::{banned, held, lifted};

const KEY: &str = "_PH_REDIS_CLIENT:firewall:";
const JAILS: [(&str, Category); 3] =
    [("asterisk", Category::Sip), ("kamailio", Category::Sip), ("web", Category::Http)];

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What should stand, by subject and jail.
type Model = BTreeMap<(String, &'static str), Held>;

fn expected(model: &Model) -> BTreeMap<String, Moment> {
    let mut keys = BTreeMap::new();
    for ((subject, _), held) in model {
        for category in held.categories.iter() {
            let end = keys.entry(format!("{KEY}{category}:{subject}")).or_insert(held.ban.until);
            *end = held.ban.until.max(*end);
        }
    }
    keys
}

fn standing(server: &Server) -> Option<BTreeMap<String, Moment>> {
    let client = redis::Client::open(format!("{}/1", server.url())).ok()?;
    let mut connection = client.get_connection().ok()?;
    let names: Vec<String> = redis::cmd("KEYS").arg(format!("{KEY}*:*")).query(&mut connection).ok()?;
    let mut keys = BTreeMap::new();
    for name in names {
        let left: u64 = redis::cmd("PTTL").arg(&name).query(&mut connection).ok()?;
        keys.insert(name, now().after(Duration::from_millis(left)));
    }
    Some(keys)
}

/// The same keys, and the same ends but for what is lost on the way.
fn agree(expected: &BTreeMap<String, Moment>, standing: &BTreeMap<String, Moment>) -> bool {
    let near = |one: Moment, other: Moment| one.since(other).max(other.since(one)) < Duration::from_secs(5);
    expected.len() == standing.len()
        && expected.iter().zip(standing).all(|(one, other)| one.0 == other.0 && near(*one.1, *other.1))
}

#[test]
fn in_the_end_exactly_what_is_wanted_stands() {
    let mut server = Server::start(&[]);
    let proxy = Proxy::to(server.port);
    let settings = settings(&format!("redis://127.0.0.1:{}", proxy.port));
    let program = Arc::new(Program::default());
    let (mut dice, mut model) = (Dice(20), Model::new());
    let mut fleet = start(&settings, &program);
    for round in 0..12 {
        match round % 6 {
            1 => server.kill(),
            2 => server.run(),
            3 => proxy.cut(),
            4 => proxy.mend(),
            5 => {
                fleet.stop();
                fleet = start(&settings, &program);
            }
            _ => {}
        }
        for _ in 0..300 {
            let subject = format!("192.0.2.{}", dice.below(100));
            let (jail, category) = JAILS[usize::try_from(dice.below(3)).unwrap()];
            let key = (subject.clone(), jail);
            // The engine changes first what it will answer, and tells then.
            let told = if dice.below(3) == 0 && model.remove(&key).is_some() {
                lifted(&subject, Some(jail), now())
            } else {
                let ban = held(&subject, jail, category.into(), in_seconds(1000 + dice.below(100) * 100));
                assert_eq!(ban.ban.jail, JailName::new(jail));
                model.insert(key, ban.clone());
                banned(ban)
            };
            let bans = model.values().cloned().collect();
            *program.wanted.lock().unwrap() = Wanted { bans, ..Wanted::default() };
            fleet.tell(told);
        }
        // Enough for a few of the thread's turns, whatever state it is in.
        std::thread::park_timeout(Duration::from_millis(200));
    }
    let expected = expected(&model);
    until("exactly what is wanted", 60, || {
        standing(&server).is_some_and(|standing| agree(&expected, &standing))
    });
    fleet.stop();
    assert!(agree(&expected, &standing(&server).unwrap()), "it stays so");
}
