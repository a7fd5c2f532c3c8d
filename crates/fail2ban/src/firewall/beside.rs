//! What a firewall's action does beside the firewall: mail, reports, records, rules that only log. It is told, so that nobody waits for it in vain, and
//! refused is to cut it out of the script and run it: where it begins and ends, and what it needs from the lines before it, is guesswork.

use std::collections::BTreeSet;

use event::limit;

use super::script::{Script, Simple};

/// Commands of an action that are looked at, each for itself.
pub const COMMANDS: [&str; 7] =
    ["actionstart", "actionban", "actionunban", "actionprolong", "actionreban", "actionflush", "actionstop"];

/// Programs of a firewall, and those that show or change what it works on. A name with one of `MARKS` in it is one too.
const OWN: &str =
    "nft ip ip4 ip6 route apf pfctl npfctl ipfw ipf afctl conntrack ss tc modprobe sysctl restorecon";

/// What a firewall's program, service or file has in its name.
const MARKS: [&str; 6] = ["tables", "firewall", "netfilter", "ipset", "shorewall", "ufw"];

/// What a script needs around its commands, and what does nothing outside of it.
const PLUMBING: &str = ": [ [[ test true false echo printf read exit return break continue set shift local export unset trap wait cd \
    umask sleep cat grep egrep fgrep zgrep awk gawk mawk cut tr head tail sort uniq wc seq expr bc id date \
    basename dirname which type hash";

/// What changes files: the firewall's own, or others.
const FILES: &str = "rm touch mkdir rmdir mv cp ln chmod chown tee install sed";

/// Folders in which the state of programs that run, and the kernel's own, lies.
const STATE: [&str; 5] = ["/dev/", "/proc/", "/sys/", "/run/", "/var/run/"];

/// Programs that run another one, or a service.
const WRAPPERS: &str = "sudo doas env nice ionice timeout nohup exec command builtin setsid stdbuf flock xargs service systemctl \
    rc-service invoke-rc.d";

const SHELLS: &str = "sh bash dash ash ksh busybox";

/// Targets of rules that let a packet go on and write of it.
const LOGS: [&str; 3] = ["LOG", "NFLOG", "ULOG"];

/// What is done in none of our sets.
#[derive(Debug, Default)]
pub struct Beside {
    /// By the names that they are called by.
    programs: BTreeSet<String>,
    files: BTreeSet<String>,
    /// Rules that write of packets and let them go on.
    pub logs: bool,
    /// Tags whose text was looked at: one may lead to itself.
    tags: BTreeSet<String>,
}

impl Beside {
    /// Of one command of an action. `text` has the action's parameters.
    pub fn read<'a>(script: &str, text: impl Fn(&str) -> &'a str + Copy) -> Self {
        let mut found = Self::default();
        found.add(script, text, 0);
        found
    }

    /// What is to be said of it, each for itself.
    pub fn told(&self, command: &str) -> Vec<String> {
        let mut told = Vec::new();
        for (names, does) in [(&self.programs, "runs"), (&self.files, "changes")] {
            if !names.is_empty() {
                told.push(format!(
                    "{command} also {does} {}, which is not done: bans are made in Stockade's own table, and none of this action's commands is \
                     run; move it into an action of its own",
                    listed(names)
                ));
            }
        }
        if self.logs {
            told.push(format!(
                "{command} has a rule that logs packets, which is not made: packets of who is banned are dropped and counted"
            ));
        }
        told
    }

    fn add<'a>(&mut self, script: &str, text: impl Fn(&str) -> &'a str + Copy, depth: usize) {
        if depth > limit::FAIL2BAN_SHELL_DEPTH {
            return;
        }
        let script = Script::read(script);
        for simple in &script.commands {
            for written in &simple.written {
                let path = script.filled(written);
                if !is_own_path(path) {
                    self.files.insert(shown(path));
                }
            }
            self.judge(simple, &script, text, depth);
        }
    }

    fn judge<'a>(
        &mut self,
        simple: &Simple,
        script: &Script,
        text: impl Fn(&str) -> &'a str + Copy,
        depth: usize,
    ) {
        let Some((first, arguments)) = simple.words.split_first() else { return };
        let first = script.filled(first);
        if let Some(name) = first.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            // Who fills it in is fail2ban, at each ban.
            let filled = text(name);
            self.logs |= logs(program(if filled.is_empty() { name } else { filled }), arguments);
            if self.tags.insert(name.to_owned()) {
                self.add(filled, text, depth + 1);
            }
            return;
        }
        let name = program(first);
        let is_own_word = |word: &String| is_own(program(script.filled(word)));
        if is_own(name) {
            self.logs |= logs(name, arguments);
        } else if is_in(SHELLS, name) && arguments.first().is_some_and(|word| word == "-c") {
            let inner = arguments.get(1).map_or("", String::as_str);
            self.add(inner, text, depth + 1);
        } else if name == "eval" {
            self.add(&arguments.join(" "), text, depth + 1);
        } else if is_in(WRAPPERS, name) {
            let is_inner_own =
                |word: &String| is_own_word(word) || is_in(PLUMBING, program(word)) || has_mark(word);
            let runs = arguments.iter().any(|word| !word.starts_with('-') && !word.contains('='));
            if runs
                && !arguments.iter().any(is_inner_own)
                && arguments.first().is_none_or(|word| word != "-v")
            {
                self.programs.insert(shown(name));
            }
        } else if is_in(FILES, name) {
            let is_filter = name == "sed"
                && !arguments.iter().any(|word| word.starts_with("-i") || word.starts_with("--in"));
            if !is_filter && !arguments.iter().any(|word| is_own_path(script.filled(word))) {
                self.programs.insert(shown(name));
            }
        } else if !is_in(PLUMBING, name)
            && !script.functions.contains(name)
            && name != "$"
            && !name.is_empty()
        {
            self.programs.insert(shown(name));
        }
    }
}

impl Script {
    /// What a word is that is a variable of this script, as a whole.
    fn filled<'a>(&'a self, word: &'a str) -> &'a str {
        let value = word.strip_prefix('$').and_then(|name| self.variables.get(name));
        value.map_or(word, |value| value.as_str())
    }
}

/// `/usr/sbin/iptables -w` is `iptables`.
fn program(word: &str) -> &str {
    let word = word.split_whitespace().next().unwrap_or_default();
    word.rsplit('/').next().unwrap_or(word)
}

fn is_in(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|one| one == name)
}

fn is_own(name: &str) -> bool {
    is_in(OWN, name) || has_mark(name)
}

fn has_mark(word: &str) -> bool {
    MARKS.iter().any(|mark| word.contains(mark))
}

fn is_own_path(path: &str) -> bool {
    STATE.iter().any(|folder| path.starts_with(folder)) || has_mark(path)
}

/// Whether a firewall's rule only writes of a packet.
fn logs(name: &str, arguments: &[String]) -> bool {
    let is_jump = |word: &str| ["-j", "--jump"].contains(&word);
    let jumps = arguments.windows(2).any(|pair| is_jump(&pair[0]) && LOGS.contains(&pair[1].as_str()));
    let mut words = arguments.iter().flat_map(|word| word.split_whitespace());
    jumps || (["nft", "firewall-cmd"].contains(&name) && words.any(|word| word == "log"))
}

fn listed(names: &BTreeSet<String>) -> String {
    let quoted = names.iter().take(limit::FAIL2BAN_REMARK_COMMANDS).map(|name| format!("'{name}'"));
    let listed = quoted.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(limit::FAIL2BAN_REMARK_COMMANDS) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

fn shown(name: &str) -> String {
    let one_line = |one: char| if one.is_control() { ' ' } else { one };
    name.chars().take(limit::FAIL2BAN_REMARK_NAME_CHARS).map(one_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not done of a script: programs, files, and whether a rule logs.
    fn of(script: &str) -> String {
        let text = |name: &str| match name {
            "iptables" => "iptables -w",
            "notify" => "curl -d <ip> https://hook.example/; <notify>",
            _ => "",
        };
        let Beside { programs, files, logs, .. } = Beside::read(script, text);
        let logs = logs.then(|| "logs".to_owned());
        programs.into_iter().chain(files).chain(logs).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_no_firewalls_is_named() {
        let rule = "<iptables> -I f2b-x 1 -s <ip> -j <blocktype>";
        for (also, expected) in [
            ("curl -fsS https://hook.example/?ip=<ip> >/dev/null 2>&1", "curl"),
            ("printf 'ban <ip>\\n<matches>' | mail -s \"[f2b] <ip>\" root", "mail"),
            ("logger -t f2b \"ban <ip>\" &", "logger"),
            ("[ -n \"<ip>\" ] && /usr/local/bin/tell.sh <ip>", "tell.sh"),
            ("(sleep 1; wget -q http://x.example/) &", "wget"),
            ("x=$(whois <ip> | grep -i country); echo \"$x\"", "whois"),
            ("echo \"`dig -x <ip> +short`\"", "dig"),
            ("if true; then logger a; else mail b; fi", "logger mail"),
            ("for one in a b; do sendmail $one; done", "sendmail"),
            ("case \"<ip>\" in 192.*|curl) mail x;; *) logger y;; esac; wget z", "logger mail wget"),
            ("say() { mail \"$1\"; }; say <ip>", "mail"),
            ("sh -c \"ipset add x <ip>; curl y\"", "curl"),
            ("sudo -u root mail x", "sudo"),
            ("python3 /root/notify.py <ip>", "python3"),
            ("TOOL=/usr/bin/curl; $TOOL https://hook.example/", "curl"),
            ("$NOBODY_KNOWS <ip>", "$NOBODY_KNOWS"),
            ("<notify>", "curl"),
            ("echo \"<ip>\" >> /var/log/banned.txt", "/var/log/banned.txt"),
            ("echo x >| /srv/list/<ip>", "/srv/list/<ip>"),
            ("rm -f /srv/list/<ip>", "rm"),
            ("sed -i /<ip>/d /srv/list", "sed"),
            ("cat <<END | mail root\nlogger is no command here\nEND\nwget x", "mail wget"),
            ("echo a # curl b\nfail2ban-client set recidive banip <ip>", "fail2ban-client"),
            ("<iptables> -I f2b-x 1 -s <ip> -j LOG --log-prefix 'f2b '", "logs"),
            ("nft add rule inet f2b x ip saddr <ip> log prefix \"f2b\"", "logs"),
        ] {
            assert_eq!(of(&format!("{rule}\n{also}")), expected, "{also}");
            assert_eq!(of(&format!("{also}\n{rule}")), expected, "{also}");
        }
    }

    #[test]
    fn what_stands_around_a_firewalls_command_is_nothing_else() {
        for script in [
            "",
            "ip route add blackhole <ip> || true",
            "for proto in $(echo 'tcp,udp' | sed 's/,/ /g'); do\n/sbin/iptables -w -p $proto -j x\ndone",
            "{ iptables -C x >/dev/null 2>&1; } || { iptables -N x || :; }",
            "e=`ipfw table 1 add <ip> 2>&1`; x=$?; [ $x -eq 0 -o \"$e\" = 'File exists' ] || { echo \"$e\" 1>&2; exit $x; }",
            "port=\"22\"; if [ \"$port\" != \"\" ] && case \"$port\" in \\{*) false;; esac; then port=\"{$port}\"; fi",
            "nft -a list chain inet t c | grep -oP '@x\\s+handle' | while read -r hdl; do nft delete rule inet t c $hdl; done",
            "IPT=/usr/sbin/iptables\n$IPT -I x\n\"${IPT}\" -I y",
            "sudo -n iptables -I x; flock -w 5 /run/xtables.lock ip6tables -I x; timeout 5 firewall-cmd --reload",
            "command -v conntrack >/dev/null && conntrack -D -s <ip>; service iptables save; systemctl reload nftables",
            "echo +<ip> > /proc/net/xt_recent/f2b; rm -f /etc/symbiosis/firewall/blacklist.d/<ip>.auto",
            "iptables -I x -m comment --comment 'curl; mail | logger' -j DROP # curl",
            "iptables -I x \\\n  -j DROP; n=$((1 + 2)); <kill>",
            "iptables-restore <<END\n-A x -j DROP\nCOMMIT\nEND",
        ] {
            assert_eq!(of(script), "", "{script}");
        }
    }

    #[test]
    fn what_cannot_be_read_to_its_end_is_read_as_far_as_it_goes() {
        let deep = "$(".repeat(10_000);
        let scripts = [
            "mail \"",
            "mail '",
            "mail $(",
            "mail `",
            "mail ${x",
            "mail <<END",
            "mail <",
            "mail >",
            ") mail",
            "mail \\",
        ];
        scripts.iter().for_each(|script| assert_eq!(of(script), "mail", "{script}"));
        assert_eq!(of(&deep), "");
        assert_eq!(of(&"<".repeat(10_000)), "");
        let many: String =
            (0..limit::FAIL2BAN_REMARK_COMMANDS + 2).map(|number| format!("do{number}it\n")).collect();
        let told = Beside::read(&many, |_| "").told("actionban");
        assert!(told.len() == 1 && told[0].contains("'do7it' and 2 more, which"), "{told:?}");
    }
}
