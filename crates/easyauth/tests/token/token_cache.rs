//! The cache of valid tokens: expiry, withdrawn keys and capacity.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use easyauth::{EntraTokenValidator, TokenError};
use serde_json::json;

use crate::issuer::{FORGED, Issuer, KEY, NEXT, NOW, builder, pass, scheme, time, v2_app, with};

#[tokio::test(start_paused = true)]
async fn a_token_ends_with_its_key() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme = scheme(&issuer);
    let token = KEY.token(&v2_app());
    assert!(scheme.validate(&token).await.is_ok());
    issuer.publish(&[&NEXT]);
    pass(Duration::from_secs(2)).await;
    assert!(scheme.validate(&NEXT.token(&v2_app())).await.is_ok());
    assert_eq!(scheme.validate(&token).await, Err(TokenError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn a_token_ends_with_its_key_though_another_has_the_id() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme = scheme(&issuer);
    let token = KEY.token(&v2_app());
    assert!(scheme.validate(&token).await.is_ok());
    issuer.publish(&[&FORGED, &NEXT]);
    pass(Duration::from_secs(2)).await;
    assert!(scheme.validate(&NEXT.token(&v2_app())).await.is_ok());
    assert_eq!(scheme.validate(&token).await, Err(TokenError::Signature));
}

#[tokio::test]
async fn a_token_does_not_outlive_its_time() {
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let scheme = builder(&Issuer::with(&[&KEY]))
        .clock(move || time(clock.load(Ordering::SeqCst)))
        .build()
        .unwrap();
    let token = KEY.token(&with(v2_app(), &json!({ "exp": NOW + 100 })));
    for (later, expected) in [
        (0, Ok(())),
        (99, Ok(())),
        (159, Ok(())),
        (160, Err(TokenError::Expired)),
        (-300 - 61, Err(TokenError::NotYetValid)),
    ] {
        now.store(NOW + later, Ordering::SeqCst);
        assert_eq!(scheme.validate(&token).await.map(drop), expected, "{later}");
    }
}

#[tokio::test]
async fn a_changed_token_is_not_the_remembered_one() {
    let scheme = scheme(&Issuer::with(&[&KEY]));
    let token = KEY.token(&v2_app());
    assert!(scheme.validate(&token).await.is_ok());
    let (message, _) = token.rsplit_once('.').unwrap();
    let changed = format!("{message}.{}", FORGED.signature(message));
    assert_eq!(scheme.validate(&changed).await, Err(TokenError::Signature));
}

/// A clock that is set back reveals the tokens that are not cached: those are not valid yet.
#[tokio::test]
async fn a_thousand_tokens_are_remembered_and_no_more() {
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let scheme = builder(&Issuer::with(&[&KEY]))
        .clock(move || time(clock.load(Ordering::SeqCst)))
        .build()
        .unwrap();
    let tokens: Vec<_> =
        (0..=EntraTokenValidator::CACHED_TOKENS).map(|_| KEY.token(&v2_app())).collect();
    for token in &tokens {
        assert!(scheme.validate(token).await.is_ok());
    }
    now.store(NOW - 1000, Ordering::SeqCst);
    assert!(scheme.validate(&tokens[1]).await.is_ok(), "the oldest that is remembered");
    assert_eq!(scheme.validate(&tokens[0]).await, Err(TokenError::NotYetValid));
}
