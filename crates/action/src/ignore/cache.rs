//! `ignorecache`: answers that are kept for a while. As with fail2ban, the one kept longest goes first where there are too many.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use dropin::model::IgnoreCache;
use event::Moment;
use event::limit::FAIL2BAN_IGNORE_ANSWERS;
use fail2ban::Value;

/// The answers of one jail's command.
#[derive(Debug)]
pub struct Cache {
    most: usize,
    span: Duration,
    answers: HashMap<String, (bool, Moment)>,
    /// The keys in the order in which they came.
    order: VecDeque<String>,
}

impl Cache {
    /// As the jail asks for it.
    pub fn new(told: &IgnoreCache) -> Self {
        let seconds = match told.seconds {
            Value::Int(seconds) => seconds as f64,
            Value::Float(seconds) => seconds,
            _ => 300.0,
        };
        let most = usize::try_from(told.count).unwrap_or(0).clamp(1, FAIL2BAN_IGNORE_ANSWERS);
        let span = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        Self { most, span, answers: HashMap::new(), order: VecDeque::new() }
    }

    /// The answer, if it is kept.
    pub fn get(&self, key: &str, now: Moment) -> Option<bool> {
        self.answers.get(key).filter(|(_, until)| *until > now).map(|(answer, _)| *answer)
    }

    /// Keeps an answer.
    pub fn put(&mut self, key: &str, answer: bool, now: Moment) {
        if self.answers.insert(key.to_owned(), (answer, now.after(self.span))).is_some() {
            self.order.retain(|known| known != key);
        }
        self.order.push_back(key.to_owned());
        while self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    #[test]
    fn an_answer_is_kept_for_its_time_and_while_there_is_room() {
        let told = IgnoreCache { key: String::new(), count: 2, seconds: Value::Int(10) };
        let mut cache = Cache::new(&told);
        cache.put("a", true, at(0));
        cache.put("b", false, at(1));
        assert_eq!((cache.get("a", at(9)), cache.get("b", at(9))), (Some(true), Some(false)));
        assert_eq!(cache.get("a", at(10)), None, "its time is over");
        cache.put("a", true, at(11));
        cache.put("c", true, at(12));
        assert_eq!(cache.get("b", at(10)), None, "it was kept longest, and two are kept at most");
        assert_eq!((cache.get("a", at(12)), cache.get("c", at(12))), (Some(true), Some(true)));
    }
}
