//! What decisions are called: `origin` and `scenario` of `[lapi]`.

use event::JailName;

/// The words, from the settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    /// Who decided.
    pub origin: String,
    /// Why, with `{jail}` where the jail's name goes.
    scenario: String,
}

impl Words {
    /// Those of the settings file. With a file that is wrong just now, the settings in force cannot be asked for: the old words
    /// stay, so that no bouncer is turned away for it.
    pub fn read(desk: &dyn control::Desk, old: Option<&Self>) -> Self {
        match desk.settings() {
            Ok(written) => {
                let lapi = written.settings.lapi;
                Self { origin: lapi.origin, scenario: lapi.scenario }
            }
            Err(_) => old.cloned().unwrap_or_default(),
        }
    }

    /// What a ban of this jail is called.
    pub fn scenario(&self, jail: &JailName) -> String {
        self.scenario.replace("{jail}", jail.as_str())
    }
}

impl Default for Words {
    fn default() -> Self {
        let config::Lapi { origin, scenario } = config::Lapi::default();
        Self { origin, scenario }
    }
}
