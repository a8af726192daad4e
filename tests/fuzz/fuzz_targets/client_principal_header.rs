//! The client principal header of App Service Authentication: as it is sent, and its document.

#![no_main]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth::{ClientPrincipalHeader, Principal};
use libfuzzer_sys::fuzz_target;

const TENANT: &str = "7e000000-0000-4000-8000-000000000001";

fuzz_target!(|data: &[u8]| {
    let header = ClientPrincipalHeader::new().tenant(TENANT);
    decode(&header, data);
    decode(&header, STANDARD.encode(data).as_bytes());
});

/// An accepted header names a caller of the tenant, with an id that the database can hold.
fn decode(header: &ClientPrincipalHeader, value: &[u8]) {
    let Ok(principal) = header.decode(value) else { return };
    assert!(value.len() <= ClientPrincipalHeader::MAX_BYTES);
    assert!((1..=Principal::MAX_ID_BYTES).contains(&principal.object_id().len()), "{principal:?}");
    assert!(
        principal.tenant_id().is_some_and(|it| it.eq_ignore_ascii_case(TENANT)),
        "{principal:?}"
    );
}
