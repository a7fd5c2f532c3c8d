//! Failures as the services of these jails write them, whose time is told.

use jiff::Timestamp;

/// The jails that are compared.
pub const JAILS: [&str; 4] = ["sshd", "asterisk", "nginx-http-auth", "recidive"];

/// One failure of `address` in the log of `jail`. Each has a number, so that no two lines belong to one connection.
pub fn failure(jail: &str, address: &str, at: Timestamp, number: usize) -> String {
    let local = at.to_zoned(jiff::tz::TimeZone::system());
    match jail {
        "sshd" => format!(
            "{} pbx sshd[{}]: Failed password for root from {address} port 40000 ssh2\n",
            local.strftime("%Y-%m-%dT%H:%M:%S%:z"),
            1000 + number
        ),
        "asterisk" => {
            let family = if address.contains(':') { "IPV6" } else { "IPV4" };
            format!(
                "[{}] SECURITY[812] res_security_log.c: SecurityEvent=\"InvalidPassword\",Severity=\"Error\",Service=\"PJSIP\",\
                 EventVersion=\"2\",AccountID=\"{number}\",SessionID=\"0x7f\",LocalAddress=\"IPV4/UDP/192.0.2.250/5060\",\
                 RemoteAddress=\"{family}/UDP/{address}/5060\",Challenge=\"1\",ReceivedChallenge=\"1\",ReceivedHash=\"2\"\n",
                local.strftime("%Y-%m-%d %H:%M:%S")
            )
        }
        "nginx-http-auth" => format!(
            "{} [error] 12#12: *{number} user \"admin\": password mismatch, client: {address}, server: localhost, \
             request: \"GET / HTTP/1.1\", host: \"pbx.example\"\n",
            local.strftime("%Y/%m/%d %H:%M:%S")
        ),
        "recidive" => format!(
            "{},123 fail2ban.actions        [812]: NOTICE  [sshd] Ban {address}\n",
            local.strftime("%Y-%m-%d %H:%M:%S")
        ),
        other => panic!("{other} is no jail of this test"),
    }
}
