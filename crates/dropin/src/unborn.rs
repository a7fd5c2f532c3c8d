//! A host that runs nothing: for a model that is only told what is to be, before anything runs.

use fail2ban::Value;

use crate::host::{Counts, Host, LiveBan, LogTarget};
use crate::model::{ActionModel, JailModel};
use crate::wrong::Wrong;

/// Before anything runs: what is read is only kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unborn;

impl Host for Unborn {
    fn start(&mut self, _: &JailModel) -> Result<(), Wrong> {
        Ok(())
    }

    fn change(&mut self, _: &JailModel) {}

    fn stop(&mut self, _: &str) {}

    fn bans(&self, _: &str) -> Vec<LiveBan> {
        Vec::new()
    }

    fn counts(&self, _: &str) -> Counts {
        Counts::default()
    }

    fn ban(&mut self, _: &JailModel, _: &str) -> bool {
        false
    }

    fn unban(&mut self, _: &str, _: &str) -> bool {
        false
    }

    fn unban_all(&mut self, _: &str) -> usize {
        0
    }

    fn attempt(&mut self, _: &JailModel, _: &str, _: &[&str]) {}

    fn call(&mut self, _: &JailModel, _: &ActionModel, _: &str, _: &str) -> Result<Value, Wrong> {
        Ok(Value::None)
    }

    // A log that is not there yet is waited for.
    fn look_at(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn set_log_level(&mut self, _: &str) {}

    fn set_log_target(&mut self, _: &LogTarget) -> bool {
        true
    }

    fn flush_logs(&mut self) {}

    fn set_database(&mut self, _: Option<&str>) -> Result<(), Wrong> {
        Ok(())
    }

    fn set_database_bounds(&mut self, _: i64, _: &Value) {}

    fn allow_ipv6(&mut self, _: Option<bool>) {}

    fn config_error(&mut self, _: &str) {}

    fn quit(&mut self) {}
}
