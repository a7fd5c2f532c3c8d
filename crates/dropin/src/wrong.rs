//! What fail2ban's server raises, as values: a class of a closed list and its arguments. The client makes its text of them, so both must be
//! what Debian's server would send.

use std::fmt;
use std::io;

use fail2ban::Value;

/// A command could not be obeyed.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// The exception's class.
    pub class: Class,
    /// What it was raised with.
    pub arguments: Vec<Value>,
}

/// The classes that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `Exception`
    Exception,
    /// `ValueError`
    Value,
    /// `TypeError`
    Type,
    /// `KeyError`
    Key,
    /// `IndexError`: the command has too few words.
    Index,
    /// `RuntimeError`
    Runtime,
    /// `NameError`
    Name,
    /// `AttributeError`
    Attribute,
    /// `SyntaxError`
    Syntax,
    /// `ZeroDivisionError`
    Division,
    /// `LookupError`
    Lookup,
    /// `OSError`, which Python turns into its kind by the number.
    System,
    /// `UnknownJailException`
    UnknownJail,
    /// `DuplicateJailException`
    DuplicateJail,
    /// `RegexException`
    Regex,
}

impl Class {
    /// Python's module and name.
    pub fn path(self) -> (&'static str, &'static str) {
        match self {
            Self::Exception => ("builtins", "Exception"),
            Self::Value => ("builtins", "ValueError"),
            Self::Type => ("builtins", "TypeError"),
            Self::Key => ("builtins", "KeyError"),
            Self::Index => ("builtins", "IndexError"),
            Self::Runtime => ("builtins", "RuntimeError"),
            Self::Name => ("builtins", "NameError"),
            Self::Attribute => ("builtins", "AttributeError"),
            Self::Syntax => ("builtins", "SyntaxError"),
            Self::Division => ("builtins", "ZeroDivisionError"),
            Self::Lookup => ("builtins", "LookupError"),
            Self::System => ("builtins", "OSError"),
            Self::UnknownJail => ("fail2ban.exceptions", "UnknownJailException"),
            Self::DuplicateJail => ("fail2ban.exceptions", "DuplicateJailException"),
            Self::Regex => ("fail2ban.server.failregex", "RegexException"),
        }
    }
}

impl Wrong {
    /// With one text.
    pub fn new(class: Class, text: impl Into<String>) -> Self {
        Self { class, arguments: vec![Value::Text(text.into())] }
    }

    /// `Exception(text)`
    pub fn exception(text: impl Into<String>) -> Self {
        Self::new(Class::Exception, text)
    }

    /// `ValueError(text)`
    pub fn value(text: impl Into<String>) -> Self {
        Self::new(Class::Value, text)
    }

    /// `TypeError(text)`
    pub fn kind(text: impl Into<String>) -> Self {
        Self::new(Class::Type, text)
    }

    /// There is no such jail.
    pub fn jail(name: &str) -> Self {
        Self::new(Class::UnknownJail, name)
    }

    /// There are so many already.
    pub fn too_many(what: &str, most: usize) -> Self {
        Self::new(Class::Runtime, format!("there are {most} {what} already, and there may be no more"))
    }

    /// The command has too few words.
    pub fn too_short() -> Self {
        Self::new(Class::Index, "list index out of range")
    }

    /// A file could not be used.
    pub fn file(cause: &io::Error, path: &str) -> Self {
        let number = cause.raw_os_error().unwrap_or(5);
        // The standard library appends the number, Python puts it in front.
        let text = cause.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        let arguments = vec![Value::Int(number.into()), Value::text(text), Value::text(path)];
        Self { class: Class::System, arguments }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.class.path().1)?;
        for (number, argument) in self.arguments.iter().enumerate() {
            f.write_str(if number == 0 { ": " } else { ", " })?;
            match argument {
                Value::Text(text) => f.write_str(text)?,
                other => write!(f, "{other:?}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Wrong {}
