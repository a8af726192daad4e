//! The file of a tenant, as TOML and as JSON.

#![no_main]

use easyauth_emulator::TenantFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for tenant in [TenantFile::from_toml(text), TenantFile::from_json(text)].into_iter().flatten() {
        let json = tenant.to_json();
        let again = TenantFile::from_json(&json).expect("what was written can be read");
        assert_eq!(again.to_json(), json);
        // A value may have no form in TOML; what has one is the same.
        if let Ok(toml) = tenant.to_toml() {
            let again = TenantFile::from_toml(&toml).expect("what was written can be read");
            assert_eq!(again.to_json(), json);
        }
    }
});
