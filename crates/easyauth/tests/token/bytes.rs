//! Arbitrary bytes: the validator neither panics nor accepts them.

use std::sync::LazyLock;

use easyauth::{EntraTokenValidator, Outcome, Scheme};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use proptest::{collection::vec, prelude::*};
use tokio::runtime::{Builder, Runtime};

use crate::issuer::{Issuer, KEY, encode, scheme, v2_app};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
});
static SCHEME: LazyLock<EntraTokenValidator> =
    LazyLock::new(|| RUNTIME.block_on(async { scheme(&Issuer::with(&[&KEY])) }));
static GOOD: LazyLock<String> = LazyLock::new(|| KEY.token(&v2_app()));

fn is_authenticated(value: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(value) else { return false };
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    matches!(RUNTIME.block_on(SCHEME.authenticate(&headers)), Outcome::Authenticated(_))
}

/// A part of a token: arbitrary bytes, or similar to JSON.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let json =
        r#"\{("(alg|kid|typ|aud|exp|tid|iss)":("RS256"|"first"|null|\[\]|-?[0-9]{1,20}),?){0,5}\}"#;
    prop_oneof![vec(any::<u8>(), 0..80), json.prop_map(String::into_bytes)]
}

proptest! {
    #[test]
    fn of_any_bytes(value in vec(any::<u8>(), 0..300)) {
        prop_assert!(!is_authenticated(&value));
        prop_assert!(!is_authenticated(&[b"Bearer ", value.as_slice()].concat()));
    }

    #[test]
    fn of_any_parts(header in part(), claims in part(), signature in part()) {
        let parts = [header, claims, signature].map(encode).join(".");
        let value = format!("Bearer {parts}");
        prop_assert!(!is_authenticated(value.as_bytes()));
    }

    #[test]
    fn of_a_good_token_with_one_byte_changed(at in any::<prop::sample::Index>(), byte in 33..127_u8) {
        let mut token = GOOD.clone().into_bytes();
        let at = at.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let value = [b"Bearer ", token.as_slice()].concat();
        prop_assert!(!is_authenticated(&value));
    }
}

#[test]
fn the_good_token_itself_gets_in() {
    assert!(is_authenticated(format!("Bearer {}", *GOOD).as_bytes()));
}
