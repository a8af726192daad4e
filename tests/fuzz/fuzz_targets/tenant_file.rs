//! The file of a tenant, as TOML and as JSON.

#![no_main]

use easyauth_emulator::TenantFile;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    for tenant in [TenantFile::from_toml(text), TenantFile::from_json(text)].into_iter().flatten() {
        let json = TenantFile::from_json(&tenant.to_json()).expect("what was written can be read");
        assert_eq!(value(&json), value(&tenant));
        // A value may have no form in TOML; what has one is the same.
        if let Ok(toml) = tenant.to_toml() {
            let toml = TenantFile::from_toml(&toml).expect("what was written can be read");
            assert_eq!(value(&toml), value(&tenant));
        }
    }
});

/// The members in any order: TOML writes tables last.
fn value(tenant: &TenantFile) -> Value {
    serde_json::from_str(&tenant.to_json()).expect("a tenant is written as JSON")
}
