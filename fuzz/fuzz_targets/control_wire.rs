//! Any bytes as a request and as an answer on the control socket: what is read is written on one line and read back the same.

#![no_main]

use control::{Answer, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<Request>(data) {
        let text = serde_json::to_string(&request).expect("it can be written");
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<Request>(&text).expect("it reads back"), request);
    }
    if let Ok(mut answer) = serde_json::from_slice::<Answer>(data) {
        if let Answer::Status(status) = &mut answer {
            // The only fractions: reading one back may be off by its last bit.
            status.sources.iter_mut().for_each(|source| source.skew = None);
        }
        let text = serde_json::to_string(&answer).expect("it can be written");
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<Answer>(&text).expect("it reads back"), answer);
    }
});
