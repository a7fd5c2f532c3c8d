//! Any bytes as a pickled command on fail2ban's socket, or as an answer: what is read is written and read back the same, and the model obeys it or says why not.

#![no_main]

use dropin::{ActionModel, Counts, Edition, Host, JailModel, LiveBan, LogTarget, Model, Wrong, pickle};
use fail2ban::Value;
use libfuzzer_sys::fuzz_target;

/// Runs nothing and knows nobody.
struct Nothing;

impl Host for Nothing {
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
        true
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

fuzz_target!(|data: &[u8]| {
    let _ = pickle::read_answer(data);
    let Ok(command) = pickle::read(data) else { return };
    let written = pickle::write(&command);
    // A number that is none is not equal to itself, so what is written is compared.
    assert_eq!(pickle::write(&pickle::read(&written).expect("it reads back")), written);
    let mut model = Model::new(Edition::V1_1);
    let _ = model.obey(&Value::texts(["add", "sshd", "polling"]), &mut Nothing);
    let _ = pickle::write_answer(&model.obey(&command, &mut Nothing));
});
