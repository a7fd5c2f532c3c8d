//! What the keys are called. Other programs rely on `firewall:…`; what this program keeps for itself never begins with that.

use event::{Category, Subject};

/// The names of all keys under one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

const WHITELIST: &str = "whitelist";

impl Names {
    /// Under that prefix.
    pub fn under(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The key of a ban.
    pub fn ban(&self, category: Category, subject: &Subject) -> String {
        format!("{}firewall:{category}:{subject}", self.prefix)
    }

    /// The set of who is never blocked.
    pub fn whitelist(&self) -> String {
        format!("{}firewall:{WHITELIST}", self.prefix)
    }

    /// What a node wrote: a sorted set of `member`s with their ends in milliseconds as scores.
    pub fn written(&self, node: &str) -> String {
        format!("{}stockade:keys:{node}", self.prefix)
    }

    /// What a node put on the whitelist.
    pub fn written_whitelist(&self, node: &str) -> String {
        format!("{}stockade:whitelist:{node}", self.prefix)
    }

    /// The channel on which each change is said.
    pub fn changes(&self) -> String {
        format!("{}stockade:changes", self.prefix)
    }

    /// The pattern for `SCAN` of every key of a ban, and of the whitelist.
    pub fn pattern(&self) -> String {
        let mut pattern = String::new();
        for one in self.prefix.chars() {
            if matches!(one, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(one);
        }
        pattern + "firewall:*"
    }

    /// Whose key that is. `None`: it is no ban's, or not in the form in which this program writes it.
    pub fn read(&self, key: &str) -> Option<(Category, Subject)> {
        read_member(key.strip_prefix(self.prefix.as_str())?.strip_prefix("firewall:")?)
    }
}

/// A key's name without what all of them share: `sip:192.0.2.1`.
pub fn member(category: Category, subject: &Subject) -> String {
    format!("{category}:{subject}")
}

/// Back from `member`.
pub fn read_member(member: &str) -> Option<(Category, Subject)> {
    let (category, subject) = member.split_once(':')?;
    Some((Category::named(category)?, subject.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_nothing_else_does() {
        let names = Names::under("_PH_REDIS_CLIENT:");
        let subject: Subject = "2001:db8::/64".parse().unwrap();
        let key = names.ban(Category::Sip, &subject);
        assert_eq!(key, "_PH_REDIS_CLIENT:firewall:sip:2001:db8::/64");
        assert_eq!(names.read(&key), Some((Category::Sip, subject)));
        assert_eq!(read_member(&member(Category::Http, &subject)), Some((Category::Http, subject)));
        for other in [
            names.whitelist(),
            names.written("a"),
            "firewall:sip:192.0.2.1".to_owned(),
            "_PH_REDIS_CLIENT:firewall:mail:192.0.2.1".to_owned(),
            "_PH_REDIS_CLIENT:firewall:sip:host".to_owned(),
        ] {
            assert_eq!(names.read(&other), None, "{other}");
        }
    }

    #[test]
    fn a_prefix_is_no_pattern() {
        assert_eq!(Names::under("a*[b]:").pattern(), "a\\*\\[b\\]:firewall:*");
    }
}
