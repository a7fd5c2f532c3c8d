//! The names by which Python knows character sets, and those of the web's standard that mean the same.

/// How a set is read.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// As UTF-8.
    Utf8,
    /// Two bytes or four, the low one first.
    Little,
    /// Two bytes or four, the high one first.
    Big,
    /// A byte is a character; these in another way than the standard has it.
    Bytes(&'static [(u8, char)]),
    /// Some bytes are one.
    Mixed,
}

/// Names in small letters without anything between, the standard's label, how it is read.
pub const NAMES: &[(&str, &str, Kind)] = &[
    (
        "646 ansix341968 ansix341986 ascii auto cp367 cp65001 csascii ibm367 iso646irv1991 iso646us isoir6 u8 us usascii utf utf8 utf8sig utf8ucs2 utf8ucs4",
        "utf-8",
        Kind::Utf8,
    ),
    ("u16 unicodelittleunmarked utf16 utf16le", "utf-16le", Kind::Little),
    ("unicodebigunmarked utf16be", "utf-16be", Kind::Big),
    ("866 cp866 csibm866 ibm866", "ibm866", Kind::Bytes(&[])),
    ("cp874", "windows-874", Kind::Bytes(&[])),
    ("cskoi8r koi8r", "koi8-r", Kind::Bytes(&[])),
    ("koi8u", "koi8-u", Kind::Bytes(&[(0xae, '╝'), (0xbe, '╬')])),
    ("maccyrillic", "x-mac-cyrillic", Kind::Bytes(&[])),
    ("macintosh macroman", "macintosh", Kind::Bytes(&[])),
    (
        "8859 cp819 csisolatin1 ibm819 iso8859 iso88591 iso885911987 isoir100 l1 latin latin1",
        "windows-1252",
        Kind::Bytes(&CONTROLS),
    ),
    ("csisolatin5 iso88599 iso885991989 isoir148 l5 latin5", "windows-1254", Kind::Bytes(&CONTROLS)),
    ("iso885911 iso8859112001 thai", "windows-874", Kind::Bytes(&CONTROLS)),
    ("isoir166 tis620 tis6200 tis62025290 tis62025291", "windows-874", Kind::Bytes(&THAI)),
    ("1250 cp1250 windows1250", "windows-1250", Kind::Bytes(&[])),
    ("1251 cp1251 windows1251", "windows-1251", Kind::Bytes(&[])),
    ("1252 cp1252 windows1252", "windows-1252", Kind::Bytes(&[])),
    ("1253 cp1253 windows1253", "windows-1253", Kind::Bytes(&[])),
    ("1254 cp1254 windows1254", "windows-1254", Kind::Bytes(&[])),
    ("1255 cp1255 windows1255", "windows-1255", Kind::Bytes(&[(0xca, '\u{fffd}')])),
    ("1256 cp1256 windows1256", "windows-1256", Kind::Bytes(&[])),
    ("1257 cp1257 windows1257", "windows-1257", Kind::Bytes(&[])),
    ("1258 cp1258 windows1258", "windows-1258", Kind::Bytes(&[])),
    ("csisolatin2 iso88592 iso885921987 isoir101 l2 latin2", "iso-8859-2", Kind::Bytes(&[])),
    ("csisolatin3 iso88593 iso885931988 isoir109 l3 latin3", "iso-8859-3", Kind::Bytes(&[])),
    ("csisolatin4 iso88594 iso885941988 isoir110 l4 latin4", "iso-8859-4", Kind::Bytes(&[])),
    ("csisolatincyrillic cyrillic iso88595 iso885951988 isoir144", "iso-8859-5", Kind::Bytes(&[])),
    (
        "arabic asmo708 csisolatinarabic ecma114 iso88596 iso885961987 isoir127",
        "iso-8859-6",
        Kind::Bytes(&[]),
    ),
    (
        "csisolatingreek ecma118 elot928 greek greek8 iso88597 iso885971987 isoir126",
        "iso-8859-7",
        Kind::Bytes(&[]),
    ),
    ("csisolatinhebrew hebrew iso88598 iso885981988 isoir138", "iso-8859-8", Kind::Bytes(&[])),
    ("csisolatin6 iso885910 iso8859101992 isoir157 l6 latin6", "iso-8859-10", Kind::Bytes(&[])),
    ("iso885913 l7 latin7", "iso-8859-13", Kind::Bytes(&[])),
    ("iso885914 iso8859141998 isoceltic isoir199 l8 latin8", "iso-8859-14", Kind::Bytes(&[])),
    ("iso885915 l9 latin9", "iso-8859-15", Kind::Bytes(&[])),
    ("iso885916 iso8859162001 isoir226 l10 latin10", "iso-8859-16", Kind::Bytes(&[])),
    ("big5 big5tw csbig5", "big5", Kind::Mixed),
    ("big5hkscs hkscs", "big5", Kind::Mixed),
    ("950 cp950 ms950", "big5", Kind::Mixed),
    ("932 cp932 ms932 mskanji", "shift_jis", Kind::Mixed),
    ("csshiftjis shiftjis sjis", "shift_jis", Kind::Mixed),
    ("949 cp949 ms949 uhc", "euc-kr", Kind::Mixed),
    ("euckr korean ksc5601 ksc56011987 ksx1001", "euc-kr", Kind::Mixed),
    ("eucjp ujis", "euc-jp", Kind::Mixed),
    ("gb18030 gb180302000", "gb18030", Kind::Mixed),
    ("chinese csiso58gb231280 euccn eucgb2312cn gb2312 gb23121980 gb231280 isoir58", "gbk", Kind::Mixed),
    ("936 cp936 gbk ms936", "gbk", Kind::Mixed),
    ("csiso2022jp iso2022jp", "iso-2022-jp", Kind::Mixed),
];

/// The bytes from 0x80 to 0x9f as ISO has them, where the standard has printed characters.
const CONTROLS: [(u8, char); 32] = controls();

/// The same, and no hard blank.
const THAI: [(u8, char); 33] = {
    let mut thai: [(u8, char); 33] = controls();
    thai[32] = (0xa0, '\u{fffd}');
    thai
};

const fn controls<const N: usize>() -> [(u8, char); N] {
    let mut controls = [(0, '\0'); N];
    let mut at = 0;
    while at < 32 {
        let byte = 0x80 + at as u8;
        controls[at] = (byte, byte as char);
        at += 1;
    }
    controls
}
