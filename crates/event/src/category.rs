//! Kinds of service as other programs know them: MikoPBX's keys in Redis, Asterisk's lists, a web server's question.

use std::fmt;

/// One kind of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Web servers and what speaks through them.
    Http,
    /// SIP.
    Sip,
    /// Asterisk's manager interface.
    Ami,
    /// Asterisk's own trunk protocol.
    Iax,
    /// Remote shells.
    Ssh,
}

impl Category {
    /// All of them, in the order of their words.
    pub const ALL: [Self; 5] = [Self::Http, Self::Sip, Self::Ami, Self::Iax, Self::Ssh];

    /// The word for it, as it stands in a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Sip => "sip",
            Self::Ami => "ami",
            Self::Iax => "iax",
            Self::Ssh => "ssh",
        }
    }

    /// The category with that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == word)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Several kinds of service: what a ban closes, in words that other programs know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Categories(u8);

impl Categories {
    /// Every category: what a ban on all ports closes.
    pub const ALL: Self = Self(0b1_1111);

    /// What a service of a filter belongs to. Mail, files and databases belong to none.
    pub fn of_service(service: &str) -> Self {
        match service {
            "web" | "nginx" | "app" | "scan" => Self::from(Category::Http),
            "sip" => Self::from(Category::Sip),
            "ami" => Self::from(Category::Ami),
            "iax" => Self::from(Category::Iax),
            "ssh" => Self::from(Category::Ssh),
            _ => Self::default(),
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the category is among them.
    pub fn has(self, category: Category) -> bool {
        self.0 & Self::from(category).0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |category| self.has(*category))
    }
}

impl From<Category> for Categories {
    fn from(category: Category) -> Self {
        Self(1 << category as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_sets_agree() {
        let all = Category::ALL.into_iter().fold(Categories::default(), |all, one| all.and(one.into()));
        assert_eq!(all, Categories::ALL);
        assert_eq!(Category::named("iax"), Some(Category::Iax));
        assert_eq!(Categories::of_service("sip").iter().collect::<Vec<_>>(), [Category::Sip]);
        assert!(Categories::of_service("mail").is_empty());
    }
}
