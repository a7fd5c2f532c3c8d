//! What can be asked for, under the names that MikoPBX gives it in `function` and `processor`.

/// One thing that a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sign in.
    Login,
    /// A new access token.
    Refresh,
    /// Sign out.
    Logout,
    /// The limits, the whitelist, the SIP limit.
    Settings,
    /// Put them.
    UpdateSettings,
    /// Change some of them.
    PatchSettings,
    /// All networks of the firewall.
    List,
    /// One of them.
    Record,
    /// A new one.
    Create,
    /// Put one.
    Update,
    /// Change parts of one.
    Patch,
    /// Take one away.
    Delete,
    /// What a new one begins with.
    Default,
    /// Who is blocked.
    BannedIps,
    /// Let somebody in.
    UnbanIp,
    /// The one switch, on.
    Enable,
    /// The one switch, off.
    Disable,
    /// Whether the client's address arrives.
    ClientIpVisibility,
    /// A path or a method that is not here.
    Unknown,
}

impl Action {
    /// The answer's `function`.
    pub fn function(self) -> &'static str {
        self.names().0
    }

    /// The answer's `processor`: the method of MikoPBX that would have answered.
    pub fn processor(self) -> String {
        match self.names() {
            (_, "") => String::new(),
            (_, class) => format!("MikoPBX\\PBXCoreREST\\Lib\\{class}::main"),
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Login => ("login", "Auth\\LoginAction"),
            Self::Refresh => ("refresh", "Auth\\RefreshAction"),
            Self::Logout => ("logout", "Auth\\LogoutAction"),
            Self::Settings => ("getList", "Fail2Ban\\GetSettingsAction"),
            Self::UpdateSettings => ("update", "Fail2Ban\\UpdateSettingsAction"),
            Self::PatchSettings => ("patch", "Fail2Ban\\UpdateSettingsAction"),
            Self::List => ("getList", "Firewall\\GetListAction"),
            Self::Record => ("getRecord", "Firewall\\GetRecordAction"),
            Self::Create => ("create", "Firewall\\SaveRecordAction"),
            Self::Update => ("update", "Firewall\\SaveRecordAction"),
            Self::Patch => ("patch", "Firewall\\SaveRecordAction"),
            Self::Delete => ("delete", "Firewall\\DeleteRecordAction"),
            Self::Default => ("getDefault", "Firewall\\GetDefaultAction"),
            Self::BannedIps => ("getBannedIps", "Firewall\\GetBannedIpsAction"),
            Self::UnbanIp => ("unbanIp", "Firewall\\UnbanIpAction"),
            Self::Enable => ("enable", "Firewall\\EnableFirewallAction"),
            Self::Disable => ("disable", "Firewall\\DisableFirewallAction"),
            Self::ClientIpVisibility => ("checkClientIpVisibility", "System\\CheckClientIpVisibilityAction"),
            Self::Unknown => ("", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_mikopbx() {
        assert_eq!(Action::BannedIps.function(), "getBannedIps");
        assert_eq!(
            Action::BannedIps.processor(),
            r"MikoPBX\PBXCoreREST\Lib\Firewall\GetBannedIpsAction::main"
        );
        assert_eq!(Action::Unknown.processor(), "");
    }
}
