//! How much a line matters, in Python's numbers.

use crate::MirrorError;

/// Python's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub u8);

impl Level {
    pub const DEBUG: Self = Self(10);
    pub const INFO: Self = Self(20);
    pub const NOTICE: Self = Self(25);
    pub const WARNING: Self = Self(30);

    /// A name or a number.
    pub fn read(told: &str) -> Result<Self, MirrorError> {
        let number = match told.to_ascii_uppercase().as_str() {
            "CRITICAL" | "FATAL" => 50,
            "ERROR" => 40,
            "WARNING" | "WARN" => 30,
            "NOTICE" => 25,
            "INFO" => 20,
            "MSG" => 18,
            "DEBUG" => 10,
            "TRACEDEBUG" => 7,
            "HEAVYDEBUG" => 5,
            "NOTSET" => 0,
            number if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                number.parse().unwrap_or(u8::MAX)
            }
            _ => return Err(MirrorError::Level { told: told.to_owned() }),
        };
        Ok(Self(number))
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            40.. => "ERROR",
            30.. => "WARNING",
            25.. => "NOTICE",
            20.. => "INFO",
            _ => "DEBUG",
        }
    }

    /// Syslog's number for it.
    pub fn severity(self) -> u8 {
        match self.0 {
            40.. => 3,
            30.. => 4,
            25.. => 5,
            20.. => 6,
            _ => 7,
        }
    }
}
