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
    fn addresses_of_both_families_are_looked_up() {
        use maxminddb_writer::Database;
        use maxminddb_writer::metadata::IpVersion;
        use maxminddb_writer::paths::IpAddrWithMask;

        let mut database = Database::default();
        database.metadata.ip_version = IpVersion::V6;
        database.metadata.binary_format_major_version = 2;
        let names =
            serde_json::json!({ "country": { "iso_code": "NL", "names": { "en": "The Netherlands" } } });
        let data = database.insert_value(names).unwrap();
        // IPv4 lies at ::/96 in such a file.
        for subnet in ["2001:db8::/32", "::203.0.113.0/120"] {
            database.insert_node(subnet.parse::<IpAddrWithMask>().unwrap(), data);
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        database.write_to(&mut file).unwrap();
        let countries = Countries::open(file.path()).unwrap();
        let country =
            |address: &str| countries.country(address.parse().unwrap()).map(|one| (one.code, one.name));
        let netherlands = Some(("NL".to_owned(), "The Netherlands".to_owned()));
        assert_eq!(country("203.0.113.7"), netherlands);
        assert_eq!(country("::ffff:203.0.113.7"), netherlands);
        assert_eq!(country("2001:db8::7"), netherlands);
        assert_eq!((country("198.51.100.7"), country("2001:db9::7")), (None, None));
    }

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
