//! fail2ban's default templates, in its order: where a filter does not say how its dates look, all of them are tried. It refuses to be
//! changed: filters say what is theirs in `datepattern`.

use std::sync::{Arc, LazyLock};

use super::template::Template;

/// The templates as they are written.
pub const PATTERNS: [&str; 17] = [
    // 2005-01-23T21:59:59.981746, 2005/01/23 21:59:59, 2006.12.21 06:43:20
    r"%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\s*%z)?",
    // Sun Jan 23 21:59:59.011 2005
    r"(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?",
    // Sun Jan 23 2005 21:59:59.011
    r"(?:%a )?%b %d %ExY %k:%M:%S(?:\.%f)?",
    // 23/01/2005 21:59:59, 23/01/05 21:59:59
    r"%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S",
    // 31/Oct/2006:09:22:55 -0000, 26-Jul-2007 15:20:52.252
    r"%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\.%f)?(?: %z)?",
    // 05/20/2008:01:57:39
    r"%m/%d/%ExY:%H:%M:%S",
    // 01-27-2012 16:22:44.252
    r"%m-%d-%ExY %k:%M:%S(?:\.%f)?",
    "EPOCH",
    // 21:59:59
    r"{^LN-BEG}%H:%M:%S",
    // <09/16/08@05:03:30>
    r"^<%m/%d/%Exy@%H:%M:%S>",
    // 130322 11:46:11
    r"%Exy%Exm%Exd  ?%H:%M:%S",
    // Jan 23, 2005 9:59:59 PM
    r"%b %d, %ExY %I:%M:%S %p",
    // Apr-27-13 02:33:06
    r"^%b-%d-%Exy %k:%M:%S",
    // 20050123T215959, 20050123 215959
    r"%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\s*%z)?",
    // PDT Apr 16 21:05:29
    r"(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?",
    // +00:00 Jan 23 21:59:59.011 2005
    r"(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?",
    "TAI64N",
];

/// All of them: first those bound to the line's beginning, which count more where templates are compared, then as they are written.
pub static TEMPLATES: LazyLock<Vec<Arc<Template>>> = LazyLock::new(|| {
    let plain: Vec<Template> = PATTERNS.iter().filter_map(|pattern| Template::new(pattern).ok()).collect();
    let unbound = PATTERNS
        .iter()
        .zip(&plain)
        .filter(|(_, template)| !template.name.starts_with("{^LN-BEG}") && !template.name.starts_with('^'));
    let bound = unbound.filter_map(|(pattern, _)| {
        let mut template = Template::new(&format!("{{^LN-BEG}}{pattern}")).ok()?;
        template.weight = 100.0;
        Some(template)
    });
    bound.collect::<Vec<_>>().into_iter().chain(plain).map(Arc::new).collect()
});
