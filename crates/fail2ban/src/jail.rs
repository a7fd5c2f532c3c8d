//! The jails of `jail.conf`, `jail.d/*.conf`, `jail.local` and `jail.d/*.local`, each with its filter and its actions. A jail that is
//! broken is named and left out; the others stand. It refuses to start any, and to look into a log.

pub(crate) mod settings;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use event::limit;

use crate::action_file::{self, ActionText};
use crate::complaint::{Complaint, Place, Wrong};
use crate::conf::{self, Conf};
use crate::definition::{Definition, Reach};
use crate::filter_file::{self, FilterText};
use crate::formula::{self, BanTime};
use crate::ini::Value;
use crate::interpolate::Given;
use crate::options::{self, Spelled};
use crate::ordered::Ordered;
use crate::remark::JailOrigins;

pub use settings::{Increment, LogPath, Settings};

/// The version that `%(fail2ban_version)s` stands for: the one whose behaviour is followed.
pub const VERSION: &str = "1.0.2";

/// A jail that is enabled.
#[derive(Clone, Debug)]
pub struct Jail {
    /// Its name.
    pub name: String,
    /// Its section.
    pub place: Place,
    /// What is counted how, and for how long.
    pub settings: Settings,
    /// Its filter, what the jail says of patterns and dates put over it. None: the jail names none and has no patterns either.
    pub filter: Option<FilterText>,
    /// What the filter says itself, in the order in which fail2ban's client sends it, without what the jail puts over it.
    pub filter_options: Vec<(String, String)>,
    /// What is done at a ban.
    pub actions: Vec<ActionText>,
    /// Every option of fail2ban's that it has, after interpolation.
    pub options: BTreeMap<String, String>,
    /// Where its options, its filter's and its actions' stand.
    pub origins: JailOrigins,
}

/// What a folder's jails are.
#[derive(Clone, Debug, Default)]
pub struct Jails {
    /// Those that are enabled and well, in the order of the files.
    pub enabled: Vec<Jail>,
    /// Those that are not enabled.
    pub disabled: Vec<String>,
    /// Those that are enabled and broken, each with what is wrong.
    pub broken: Vec<(String, Vec<Complaint>)>,
    /// What is wrong beside that, and what happens instead.
    pub complaints: Vec<Complaint>,
}

/// Which jails are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those with `enabled = true`.
    Enabled,
    /// All, as if every one were enabled: for `lint` and tests.
    All,
}

/// Reads the jails of a folder.
pub fn read(folder: &Path, which: Which) -> Jails {
    read_those(folder, which, &|_| true)
}

/// Reads one jail of a folder. One that there is not is broken.
pub fn read_only(folder: &Path, name: &str) -> Jails {
    let mut jails = read_those(folder, Which::Enabled, &|found| found == name);
    if jails.enabled.is_empty() && jails.disabled.is_empty() && jails.broken.is_empty() {
        let place = Place::file(folder.join("jail.conf"));
        let missing = Complaint { place, wrong: Wrong::SectionMissing(name.to_owned()) };
        jails.broken.push((name.to_owned(), vec![missing]));
    }
    jails
}

fn read_those(folder: &Path, which: Which, wanted: &dyn Fn(&str) -> bool) -> Jails {
    let (conf, complaints) = conf::read(folder, "jail");
    let mut jails = Jails { complaints, ..Jails::default() };
    let place = Place::file(folder.join("jail.conf"));
    let Some(mut conf) = conf else {
        jails.complaints.push(Complaint { place, wrong: Wrong::NoFile("jail".to_owned()) });
        return jails;
    };
    let value = |text: &str| Value { text: text.to_owned(), place: place.clone() };
    conf.defaults.insert("fail2ban_version", value(VERSION));
    conf.defaults.insert("fail2ban_confpath", value(folder.to_string_lossy().trim_end_matches('/')));
    let names: Vec<String> =
        conf.sections.iter().map(|(name, _)| name.to_owned()).filter(|name| name != "INCLUDES").collect();
    if names.len() > limit::FAIL2BAN_ENTRIES {
        jails.complaints.push(Complaint { place: place.clone(), wrong: Wrong::TooMany("jails") });
    }
    let referred = referred(&conf);
    for name in names.iter().take(limit::FAIL2BAN_ENTRIES).filter(|name| wanted(name)) {
        let mut reader = Reader { folder, conf: &mut conf, name, complaints: Vec::new() };
        match reader.read(which) {
            Ok(Some(jail)) => {
                jails.complaints.extend(reader.complaints);
                jails.complaints.extend(unknown(&conf, name, &referred));
                jails.enabled.push(jail);
            }
            Ok(None) => jails.disabled.push(name.clone()),
            Err(complaints) => {
                reader.complaints.extend(complaints);
                jails.broken.push((name.clone(), reader.complaints));
            }
        }
    }
    jails.complaints.truncate(limit::FAIL2BAN_COMPLAINTS);
    jails
}

struct Reader<'a> {
    folder: &'a Path,
    conf: &'a mut Conf,
    name: &'a str,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn read(&mut self, which: Which) -> Result<Option<Jail>, Vec<Complaint>> {
        let first = self.options(&settings::FIRST)?;
        let enabled = first.get("enabled").is_some_and(|value| value.text == settings::TRUE);
        if !enabled && which == Which::Enabled {
            return Ok(None);
        }
        let spelled = match first.get("filter").filter(|value| !value.text.is_empty()) {
            None => None,
            Some(value) => Some(Spelled::parse(&value.text).map_err(|wrong| self.at(value, wrong))?),
        };
        let filter = match &spelled {
            None => None,
            Some(spelled) => Some(self.filter(spelled, &first)?),
        };
        let mut options = self.options(&settings::NAMES)?;
        self.without_bad_formula(&mut options);
        let combined = match &filter {
            None => Ordered::default(),
            Some((conf, given)) => {
                let definition = Definition::new(conf, &options, given, &filter_file::NAMES, Reach::Named);
                if !definition.complaints.is_empty() {
                    return Err(definition.complaints);
                }
                definition.combined(&[]).map_err(|complaint| vec![complaint])?
            }
        };
        let pair = |(name, value): (&str, &Value)| (name.to_owned(), value.text.clone());
        let filter_options = combined.iter().map(pair).collect();
        let mut origins = JailOrigins::new(self.place());
        // What the jail says itself counts before its filter.
        combined.iter().chain(options.iter()).for_each(|(name, value)| origins.add(name, &value.place));
        let filter = self.filter_text(spelled.as_ref(), combined, &options);
        let settings = Settings::read(&options, &mut self.complaints).map_err(|complaint| vec![complaint])?;
        Ok(Some(Jail {
            name: self.name.to_owned(),
            place: self.place(),
            settings,
            filter,
            filter_options,
            actions: self.actions(&options, &mut origins)?,
            options: options.iter().map(pair).collect(),
            origins,
        }))
    }

    fn place(&self) -> Place {
        let first = self.conf.sections.get(self.name).and_then(|section| section.iter().next());
        first.map_or_else(|| Place::file(self.folder.join("jail.conf")), |(_, value)| value.place.clone())
    }

    fn at(&self, value: &Value, wrong: Wrong) -> Vec<Complaint> {
        vec![Complaint { place: value.place.clone(), wrong }]
    }

    /// The jail's own options, everything put in.
    fn options(&mut self, names: &[settings::Name]) -> Result<Given, Vec<Complaint>> {
        let mut found = Given::default();
        for name in names {
            let value = self
                .conf
                .get(self.name, name.name, &Given::default())
                .map_err(|complaint| vec![complaint])?;
            let value = value.or_else(|| Some(Value { text: name.default?.to_owned(), place: self.place() }));
            if let Some(value) = value.and_then(|value| name.converted(value, &mut self.complaints)) {
                found.insert(name.name, value);
            }
        }
        Ok(found)
    }

    /// Takes out a formula or a factor that cannot be used: a jail that bans for the usual time is better than none.
    fn without_bad_formula(&mut self, options: &mut Given) {
        let text = |name: &str| options.get(name).map(|value| value.text.as_str());
        let single = [
            formula::Options { formula: text("bantime.formula"), ..formula::Options::default() },
            formula::Options { factor: text("bantime.factor"), ..formula::Options::default() },
        ];
        let refused: Vec<formula::Refused> =
            single.iter().filter_map(|option| BanTime::new(option).err()).collect();
        for refused in refused {
            if let Some(value) = options.remove(refused.option) {
                self.complaints.push(Complaint { place: value.place, wrong: Wrong::BadFormula(refused) });
            }
        }
    }

    /// The filter's files and the options that the jail spells. What the filter says becomes `known/…` in the jail.
    fn filter(&mut self, spelled: &Spelled, first: &Given) -> Result<(Conf, Given), Vec<Complaint>> {
        let value = first.get("filter").map_or_else(|| self.place(), |value| value.place.clone());
        let (conf, complaints) = filter_file::open(self.folder, spelled, &value)?;
        self.complaints.extend(complaints);
        let journal = first.get("backend").is_some_and(|backend| backend.text.starts_with("systemd"));
        let given = filter_file::spelled_options(spelled, &value, &conf, journal);
        let definition = Definition::new(&conf, first, &given, &filter_file::NAMES, Reach::All);
        let known = definition.combined(&[]).map_err(|complaint| vec![complaint])?;
        if let Some(section) = self.conf.sections.get_mut(self.name) {
            for (name, value) in known.iter().filter(|(name, _)| !name.starts_with("known/")) {
                section.insert(&format!("known/{name}"), value.clone());
            }
        }
        // The second time, fail2ban takes what `[Init]` says as if the jail had spelled it.
        let init = definition.init().clone();
        Ok((conf, init))
    }

    /// The filter with what the jail says itself put over it.
    fn filter_text(
        &mut self,
        spelled: Option<&Spelled>,
        combined: Ordered<Value>,
        options: &Given,
    ) -> Option<FilterText> {
        let mut all = combined;
        for name in filter_file::NAMES {
            if let Some(value) = options.get(name) {
                all.insert(name, value.clone());
            }
        }
        let name = match spelled {
            Some(spelled) => &spelled.name,
            None if all.has("failregex") => self.name,
            None => return None,
        };
        Some(filter_file::text(name, &all, &mut self.complaints))
    }

    fn actions(
        &mut self,
        options: &Given,
        origins: &mut JailOrigins,
    ) -> Result<Vec<ActionText>, Vec<Complaint>> {
        let Some(value) = options.get("action") else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for entry in options::split(&value.text) {
            if found.len() >= limit::FAIL2BAN_ENTRIES {
                self.complaints.extend(self.at(value, Wrong::TooMany("actions")));
                break;
            }
            let (action, complaints) =
                action_file::read(self.folder, entry, self.name, options, &value.place)?;
            self.complaints.extend(complaints);
            origins.add_action(&action.name, self.places(&action, &value.place));
            found.push(action);
        }
        Ok(found)
    }

    /// Where an action's options stand. `action_` of `jail.conf` passes the jail's ports on, as `port="%(port)s"`: these stand where the
    /// jail's own option does.
    fn places(&self, action: &ActionText, spelled: &Place) -> BTreeMap<String, Place> {
        let mut places = action.places.clone();
        for (name, place) in places.iter_mut().filter(|(_, place)| *place == spelled) {
            let passed = self.conf.get(self.name, name, &Given::default()).ok().flatten();
            if let Some(own) = passed.filter(|own| action.parameters.get(name) == Some(&own.text)) {
                *place = own.place;
            }
        }
        places
    }
}

/// Every name that some value refers to by `%(name)s`.
fn referred(conf: &Conf) -> HashSet<String> {
    let sections = conf.sections.iter().map(|(_, section)| section);
    let values = sections.chain([&conf.defaults]).flat_map(|section| section.iter().map(|(_, value)| value));
    let parts = values.flat_map(|value| value.text.split("%(").skip(1));
    let names = parts.filter_map(|part| part.split_once(")s").map(|(name, _)| name));
    names.map(|name| name.rsplit('/').next().unwrap_or(name).to_lowercase()).collect()
}

/// Options in a jail's section that fail2ban does not know and nothing refers to.
fn unknown(conf: &Conf, name: &str, referred: &HashSet<String>) -> Vec<Complaint> {
    let Some(section) = conf.sections.get(name) else { return Vec::new() };
    let own = section.iter().filter(|(option, _)| {
        let known = settings::NAMES.iter().any(|name| name.name == *option) || option.starts_with("known/");
        !known && !referred.contains(*option)
    });
    own.map(|(option, value)| Complaint {
        place: value.place.clone(),
        wrong: Wrong::UnknownOption(option.to_owned()),
    })
    .collect()
}
