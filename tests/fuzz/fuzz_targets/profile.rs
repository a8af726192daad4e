//! The profile of a server under test, which its owner writes.

#![no_main]

use auth_probe::{Case, Profile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(profile) = text.parse::<Profile>() else { return };
    for case in Case::all() {
        profile.tools_of(case);
    }
});
