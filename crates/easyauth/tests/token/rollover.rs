//! Key rollover, withdrawal and outages of the issuer. Time is paused: it advances only while all tasks are idle.

use std::{sync::Arc, time::Duration};

use easyauth::{AuthnError, AuthnErrorKind, EntraTokenValidator, TokenError};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::issuer::{Issuer, KEY, Key, NEXT, encode, pass, scheme, v2_app};

/// Tokens with unknown key ids.
fn unknown(count: usize) -> Vec<String> {
    let good = KEY.token(&v2_app());
    let (_, rest) = good.split_once('.').unwrap();
    let header = |id| encode(json!({ "alg": "RS256", "kid": format!("none-{id}") }).to_string());
    (0..count).map(|id| format!("{}.{rest}", header(id))).collect()
}

/// The results for tokens that arrive at the same time.
async fn together(
    scheme: &Arc<EntraTokenValidator>,
    tokens: Vec<String>,
) -> Vec<Result<(), TokenError>> {
    let mut tasks = JoinSet::new();
    for token in tokens {
        let scheme = Arc::clone(scheme);
        tasks.spawn(async move { scheme.validate(&token).await.map(drop) });
    }
    tasks.join_all().await
}

fn tokens(key: &Key, count: usize) -> Vec<String> {
    (0..count).map(|_| key.token(&v2_app())).collect()
}

/// An issuer that responds after 300 ms.
fn slow(keys: &[&Key]) -> Arc<Issuer> {
    Issuer::slow(keys, Duration::from_millis(300))
}

#[tokio::test(start_paused = true)]
async fn the_first_callers_share_one_fetch() {
    let issuer = slow(&[&KEY]);
    let scheme = Arc::new(scheme(&issuer));
    assert_eq!(together(&scheme, tokens(&KEY, 100)).await, [Ok(()); 100]);
    assert_eq!(issuer.asked(), 1);
}

/// The maximum number of requests that wait for the issuer.
const WAITING: usize = 256;

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_costs_one_fetch() {
    let issuer = slow(&[&KEY]);
    let scheme = Arc::new(scheme(&issuer));
    scheme.fetch_jwks().await.unwrap();
    let before = Instant::now();
    let answers = together(&scheme, unknown(1000)).await;
    let count = |refusal| answers.iter().filter(|answer| **answer == Err(refusal)).count();
    assert_eq!(count(TokenError::UnknownKey), WAITING, "the issuer was asked about these");
    assert_eq!(count(TokenError::TooManyUnknownKeys), 1000 - WAITING, "and not about these");
    let retry = AuthnErrorKind::Transient { retry_after: Duration::from_secs(1) };
    assert_eq!(
        AuthnError::from(TokenError::TooManyUnknownKeys).kind(),
        retry,
        "which are no verdict"
    );
    assert_eq!(issuer.asked(), 2, "the first fetch, and one for the flood");
    assert!(before.elapsed() >= Duration::from_millis(1300), "a second after the first");
}

#[tokio::test(start_paused = true)]
async fn a_flood_that_lasts_is_asked_about_once_a_second() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme = scheme(&issuer);
    scheme.fetch_jwks().await.unwrap();
    let before = Instant::now();
    for token in unknown(1000) {
        assert_eq!(scheme.validate(&token).await, Err(TokenError::UnknownKey));
        assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok(), "good tokens go on");
        pass(Duration::from_millis(100)).await;
    }
    let most = usize::try_from(before.elapsed().as_secs()).unwrap() + 2;
    assert!(issuer.asked() <= most, "{} fetches", issuer.asked());
}

/// Publishes a new key during a flood of invented key ids. Returns the errors of its tokens until one is valid, and the time
/// that this takes.
async fn roll_under_a_flood(issuer: &Arc<Issuer>, flood: usize) -> (Vec<TokenError>, Duration) {
    let scheme = Arc::new(scheme(issuer));
    scheme.fetch_jwks().await.unwrap();
    let flood = tokio::spawn({
        let scheme = Arc::clone(&scheme);
        async move {
            loop {
                for answer in together(&scheme, unknown(flood)).await {
                    let refusal = answer.unwrap_err();
                    let is_verdict = refusal == TokenError::UnknownKey;
                    assert!(is_verdict || refusal == TokenError::TooManyUnknownKeys);
                }
                pass(Duration::from_millis(5)).await;
            }
        }
    });
    pass(Duration::from_secs(20)).await;
    issuer.publish(&[&KEY, &NEXT]);
    let (before, mut refused) = (Instant::now(), Vec::new());
    while let Err(refusal) = scheme.validate(&NEXT.token(&v2_app())).await {
        refused.push(refusal);
        pass(Duration::from_millis(50)).await;
    }
    assert!(!flood.is_finished(), "the flood goes on");
    flood.abort();
    (refused, before.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_new_key_gets_through_a_flood_and_is_never_unknown() {
    for (flood, delay) in [(1, 0), (20, 300), (2 * WAITING, 0), (2 * WAITING, 300)] {
        let issuer = Issuer::slow(&[&KEY], Duration::from_millis(delay));
        let (refused, time) = roll_under_a_flood(&issuer, flood).await;
        let busy = |refusal: &TokenError| *refusal == TokenError::TooManyUnknownKeys;
        assert!(refused.iter().all(busy), "{flood}: {refused:?}");
        assert!(flood > WAITING || refused.is_empty(), "{flood}: there were places left");
        assert!(time <= Duration::from_secs(2), "{flood}: {time:?}");
        assert!(issuer.asked() <= 24, "{flood}: {} fetches", issuer.asked());
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_issuer_is_away_an_unknown_key_is_no_verdict() {
    let issuer = slow(&[&KEY]);
    let scheme = Arc::new(scheme(&issuer));
    scheme.fetch_jwks().await.unwrap();
    issuer.go_away();
    for token in unknown(300) {
        assert_eq!(scheme.validate(&token).await, Err(TokenError::KeysUnavailable));
        assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok(), "known keys go on");
        pass(Duration::from_millis(200)).await;
    }
    assert!(issuer.asked() <= 15, "{} fetches", issuer.asked());
    issuer.publish(&[&KEY, &NEXT]);
    let before = Instant::now();
    while scheme.validate(&NEXT.token(&v2_app())).await.is_err() {
        pass(Duration::from_millis(200)).await;
    }
    assert!(before.elapsed() <= Duration::from_secs(10), "{:?}", before.elapsed());
    assert_eq!(scheme.validate(&unknown(1)[0]).await, Err(TokenError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn no_good_token_is_refused_while_keys_roll_under_load() {
    let keys: Vec<_> = (0..5).map(|id| Key::generate(&format!("key-{id}"))).collect();
    let issuer = slow(&[&keys[0]]);
    let scheme = Arc::new(scheme(&issuer));
    for pair in keys.windows(2) {
        let (old, new) = (&pair[0], &pair[1]);
        issuer.publish(&[old, new]);
        let load = [tokens(old, 20), tokens(new, 20), tokens(old, 20)].concat();
        assert_eq!(together(&scheme, load).await, [Ok(()); 60], "{}", new.kid);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_began_before_the_new_key_is_no_answer() {
    let issuer = slow(&[&KEY]);
    let scheme = Arc::new(scheme(&issuer));
    scheme.fetch_jwks().await.unwrap();
    pass(Duration::from_secs(5)).await;
    let early = tokio::spawn({
        let scheme = Arc::clone(&scheme);
        async move { scheme.validate(&unknown(1)[0]).await.map(drop) }
    });
    pass(Duration::from_millis(100)).await;
    assert_eq!(issuer.asked(), 2, "a fetch is under way");
    issuer.publish(&[&KEY, &NEXT]);
    assert!(scheme.validate(&NEXT.token(&v2_app())).await.is_ok());
    assert_eq!(early.await.unwrap(), Err(TokenError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn quiet_hours_do_not_make_a_new_key_wait() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme = scheme(&issuer);
    for _ in 0..12 {
        assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok());
        pass(Duration::from_secs(3601)).await;
    }
    assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok());
    pass(Duration::from_secs(2)).await;
    assert_eq!(issuer.asked(), 13, "once an hour");
    issuer.publish(&[&KEY, &NEXT]);
    assert!(scheme.validate(&NEXT.token(&v2_app())).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn old_keys_serve_while_others_are_fetched() {
    let issuer = slow(&[&KEY]);
    let scheme = scheme(&issuer);
    scheme.fetch_jwks().await.unwrap();
    pass(Duration::from_secs(3601)).await;
    let before = Instant::now();
    assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok());
    assert_eq!(before.elapsed(), Duration::ZERO, "nobody waited");
    pass(Duration::from_secs(1)).await;
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_withdrawn_in_a_quiet_night_opens_nothing_in_the_morning() {
    let issuer = slow(&[&KEY]);
    let scheme = scheme(&issuer);
    scheme.fetch_jwks().await.unwrap();
    issuer.publish(&[&NEXT]);
    pass(Duration::from_hours(10)).await;
    let withdrawn = scheme.validate(&KEY.token(&v2_app())).await;
    assert_eq!(withdrawn, Err(TokenError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_was_found_away_is_not_waited_for() {
    let issuer = slow(&[&KEY]);
    let scheme = scheme(&issuer);
    scheme.fetch_jwks().await.unwrap();
    issuer.go_away();
    pass(Duration::from_hours(10)).await;
    assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok());
    pass(Duration::from_mins(1)).await;
    let before = tokio::time::Instant::now();
    assert!(scheme.validate(&KEY.token(&v2_app())).await.is_ok());
    assert_eq!(before.elapsed(), Duration::ZERO, "nobody waited");
    issuer.publish(&[&NEXT]);
    pass(Duration::from_mins(1)).await;
    assert_eq!(issuer.asked(), 3, "it is asked all the same");
    assert!(scheme.validate(&NEXT.token(&v2_app())).await.is_ok(), "and what it says then counts");
    assert!(scheme.validate(&KEY.token(&v2_app())).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn keys_are_believed_for_a_day_while_the_issuer_is_away() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme = scheme(&issuer);
    scheme.fetch_jwks().await.unwrap();
    issuer.go_away();
    pass(Duration::from_secs(24 * 3600 - 1)).await;
    let claims: Value = v2_app();
    let token = KEY.token(&claims);
    assert!(scheme.validate(&token).await.is_ok());
    pass(Duration::from_secs(1)).await;
    let refused = Err(TokenError::KeysUnavailable);
    assert_eq!(scheme.validate(&token).await, refused, "not even a remembered one");
    issuer.publish(&[&KEY]);
    pass(Duration::from_mins(1)).await;
    assert!(scheme.validate(&token).await.is_ok(), "and the issuer is missed no longer");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_away_from_the_start_is_not_hammered() {
    let issuer = Arc::new(Issuer::default());
    let scheme = Arc::new(scheme(&issuer));
    let refused = Err(TokenError::KeysUnavailable);
    assert_eq!(scheme.fetch_jwks().await, refused);
    for _ in 0..60 {
        let answers = together(&scheme, tokens(&KEY, 3)).await;
        assert_eq!(answers, [refused; 3]);
        pass(Duration::from_secs(1)).await;
    }
    assert!(issuer.asked() <= 14, "{} fetches", issuer.asked());
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_does_not_take_the_answer_along() {
    let issuer = slow(&[&KEY]);
    let scheme = scheme(&issuer);
    let token = KEY.token(&v2_app());
    let impatient = tokio::time::timeout(Duration::from_millis(1), scheme.validate(&token));
    assert!(impatient.await.is_err());
    assert!(scheme.validate(&token).await.is_ok());
    assert_eq!(issuer.asked(), 1);
}
