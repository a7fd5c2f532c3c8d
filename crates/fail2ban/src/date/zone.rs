//! Zones as dates in logs name them: offsets, and the abbreviations that fail2ban knows, each with one fixed offset. It refuses to know
//! daylight saving: an abbreviation says itself which it is.

/// Offsets from UTC in minutes, and the abbreviations of each. Where one stands twice, the last counts.
const ABBREVIATIONS: [(i32, &str); 36] = [
    (-720, "Y"),
    (-660, "X NUT SST"),
    (-600, "W CKT HAST HST TAHT TKT"),
    (-570, "MART MIT"),
    (-540, "V AKST GAMT GIT HADT HNY"),
    (-480, "U AKDT CIST HAY HNP PST PT"),
    (-420, "T HAP HNR MST PDT"),
    (-360, "S CST EAST GALT HAR HNC MDT"),
    (-300, "R CDT COT EASST ECT EST ET HAC HNE PET"),
    (-270, "HLV VET"),
    (-240, "Q AST BOT CLT COST EDT FKT GYT HAE HNA PYT"),
    (-210, "HNT NST NT"),
    (-180, "P ADT ART BRT CLST FKST GFT HAA PMST PYST SRT UYT WGT"),
    (-150, "HAT NDT"),
    (-120, "O BRST FNT PMDT UYST WGST"),
    (-60, "N AZOT CVT EGT"),
    (0, "Z EGST GMT UTC WET WT"),
    (60, "A CET DFT WAT WEDT WEST"),
    (120, "B CAT CEDT CEST EET SAST WAST"),
    (180, "C EAT EEDT EEST IDT MSK"),
    (210, "IRST"),
    (240, "D AMT AZT GET GST KUYT MSD MUT RET SAMT SCT"),
    (270, "AFT IRDT"),
    (300, "E AMST AQTT AZST HMT MAWT MVT PKT TFT TJT TMT UZT YEKT"),
    (330, "SLT"),
    (345, "NPT"),
    (360, "F ALMT BIOT BTT IOT KGT NOVT OMST YEKST"),
    (390, "CCT MMT"),
    (420, "G CXT DAVT HOVT ICT KRAT NOVST OMSST THA WIB"),
    (480, "H ACT AWST BDT BNT CAST HKT IRKT KRAST MYT PHT SGT ULAT WITA WST"),
    (540, "I AWDT IRKST JST KST PWT TLT WDT WIT YAKT"),
    (570, "ACST"),
    (600, "K AEST ChST PGT VLAT YAKST YAPT"),
    (630, "ACDT LHST"),
    (660, "L AEDT LHDT MAGT NCT PONT SBT VLAST VUT"),
    (720, "M ANAST ANAT FJT GILT MAGST MHT NZST PETST PETT TVT WFT"),
];

/// Further ones, past the date line.
const EASTMOST: (i32, &str) = (780, "FJST NZDT");

/// Minutes from UTC that a zone such as `+0200`, `-04:30`, `CET` or `UTC+03` stands for.
pub fn offset_minutes(zone: &str) -> Option<i32> {
    let signed = zone.find(['+', '-']).unwrap_or(zone.len());
    let (name, offset) = zone.split_at(signed);
    let named = if name.is_empty() { 0 } else { abbreviation(name)? };
    let shift = if offset.is_empty() { 0 } else { shift(offset)? };
    Some(named + shift)
}

fn abbreviation(name: &str) -> Option<i32> {
    let mut known = ABBREVIATIONS.iter().chain(std::iter::once(&EASTMOST));
    known.rfind(|(_, names)| names.split(' ').any(|one| one == name)).map(|(minutes, _)| *minutes)
}

/// `+hh`, `+hhmm` or `+hh:mm`.
fn shift(offset: &str) -> Option<i32> {
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits = offset[1..].replacen(':', "", usize::from(offset.len() == 6));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !digits.starts_with(['0', '1']) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    match digits.len() {
        2 => Some(sign * number * 60),
        4 => Some(sign * (number / 100 * 60 + number % 100)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_offsets_names_or_both() {
        let cases = [
            ("+0200", 120),
            ("-04:30", -270),
            ("+01", 60),
            ("CET", 60),
            ("UTC", 0),
            ("CET+0100", 120),
            ("NZDT", 780),
        ];
        for (zone, minutes) in cases {
            assert_eq!(offset_minutes(zone), Some(minutes), "{zone}");
        }
        for zone in ["Europe/Zurich", "cet", "+2500", "+1", "QQQ", "+01:0", "+é"] {
            assert_eq!(offset_minutes(zone), None, "{zone}");
        }
    }
}
