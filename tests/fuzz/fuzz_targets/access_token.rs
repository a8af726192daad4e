//! The access token of a request: as it is sent, its parts without a signature, and its claims with the issuer's signature.

#![no_main]

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth::{EntraTokenValidator, Outcome, Principal, Scheme, testing::TestIssuer};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());
static VALIDATOR: LazyLock<EntraTokenValidator> =
    LazyLock::new(|| TestIssuer.validator().allow_client(TestIssuer::CLIENT).build().unwrap());

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => reject(data),
        1 => reject(&[b"Bearer ", data].concat()),
        2 => reject(&unsigned(data)),
        _ => validate_claims(data),
    }
});

/// A header without the issuer's signature never authenticates.
fn reject(authorization: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(authorization) else { return };
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    let outcome = RUNTIME.block_on(VALIDATOR.authenticate(&headers));
    assert!(!matches!(outcome, Outcome::Authenticated(_)), "{authorization:?}");
}

/// The token whose header and claims are the lines of the data.
fn unsigned(data: &[u8]) -> Vec<u8> {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let mut encoded = || URL_SAFE_NO_PAD.encode(parts.next().unwrap_or_default());
    format!("Bearer {}.{}.c2lnbmF0dXJl", encoded(), encoded()).into_bytes()
}

/// A signed token is valid only for the API, the tenant and the client, and each way to read its claims finds the same caller.
fn validate_claims(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let read = Principal::from_token_claims(text);
    let Ok(claims) = serde_json::from_str::<Value>(text) else {
        assert!(read.is_err());
        return;
    };
    let token = TestIssuer.token(&claims);
    let Ok(principal) = RUNTIME.block_on(VALIDATOR.validate(&token)) else { return };
    let is = |name: &str, value: &str| {
        claims[name].as_str().is_some_and(|it| it.eq_ignore_ascii_case(value))
    };
    assert!(is("tid", TestIssuer::TENANT), "{claims}");
    assert!(is("azp", TestIssuer::CLIENT) || is("appid", TestIssuer::CLIENT), "{claims}");
    assert!(claims["aud"].as_str().is_some_and(|it| it.contains(TestIssuer::API)), "{claims}");
    let again = Principal::from_token_claims(&claims.to_string()).unwrap();
    assert_eq!(principal.object_id(), again.object_id());
    assert_eq!(principal.kind(), again.kind());
}
