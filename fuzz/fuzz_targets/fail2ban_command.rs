//! Any bytes as a pickled command on fail2ban's socket, or as an answer: what is read is written and read back the same, and the model obeys it or says why not.

#![no_main]

use dropin::{Edition, Model, Unborn, pickle};
use fail2ban::Value;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = pickle::read_answer(data);
    let Ok(command) = pickle::read(data) else { return };
    let written = pickle::write(&command);
    // A number that is none is not equal to itself, so what is written is compared.
    assert_eq!(pickle::write(&pickle::read(&written).expect("it reads back")), written);
    let mut model = Model::new(Edition::V1_1_1);
    let _ = model.obey(&Value::texts(["add", "sshd", "polling"]), &mut Unborn);
    let _ = pickle::write_answer(&model.obey(&command, &mut Unborn));
});
