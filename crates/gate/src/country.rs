//! The country of an address, from a database of MaxMind's format that is read into memory once.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use event::limit;
use maxminddb::{Reader, geoip2};

/// A country, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Two letters.
    pub code: String,
    /// In English.
    pub name: String,
}

/// The database.
pub struct Countries {
    reader: Reader<Vec<u8>>,
}

impl Countries {
    /// Reads it.
    pub fn open(path: &Path) -> Result<Self, String> {
        let wrong = |what: String| {
            format!(
                "country_database {}: {what}; expected a file of MaxMind's format that knows countries, such as \
                 GeoLite2-Country.mmdb; no country is shown until then",
                path.display()
            )
        };
        let bytes = fs::metadata(path).map_err(|cause| wrong(cause.to_string()))?.len();
        if bytes > limit::COUNTRY_DATABASE_BYTES {
            return Err(wrong(format!("it has {bytes} bytes, more than {}", limit::COUNTRY_DATABASE_BYTES)));
        }
        let content = fs::read(path).map_err(|cause| wrong(cause.to_string()))?;
        let reader = Reader::from_source(content).map_err(|cause| wrong(cause.to_string()))?;
        Ok(Self { reader })
    }

    /// The country of an address, if it is known.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let found: geoip2::Country<'_> = self.reader.lookup(address.to_canonical()).ok()?.decode().ok()??;
        let code = found.country.iso_code?.to_owned();
        let name = found.country.names.english.unwrap_or(&code).to_owned();
        Some(Country { code, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_database_is_told_with_its_path() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "nonsense").unwrap();
        let problem = Countries::open(file.path()).err().unwrap();
        assert!(
            problem.contains(&file.path().display().to_string()) && problem.contains("MaxMind"),
            "{problem}"
        );
        assert!(Countries::open(Path::new("/nowhere.mmdb")).err().unwrap().contains("/nowhere.mmdb"));
    }
}
