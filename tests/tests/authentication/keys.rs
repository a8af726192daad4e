//! The issuer's keys: rolled under load, asked for by a flood, away.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    attack::{self, bearer},
    forge::Forge,
    guarded::{Door, Guarded},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_token_is_never_refused_while_keys_roll() {
    let guarded = Guarded::behind(Door::Entra).await;
    let (done, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let caller = || async {
        while !done.load(Ordering::Relaxed) {
            let nonce = sent.fetch_add(1, Ordering::Relaxed);
            let token = Forge::agent(guarded.cloud()).claim("uti", json!(nonce)).sign();
            let answer = attack::write(&guarded, &bearer(token), "rolling").await.unwrap();
            assert_eq!(answer.status(), 200, "request {nonce}");
        }
    };
    let roll = async {
        for announced in [true, true, true, false, true, false, false, true] {
            let before = sent.load(Ordering::Relaxed);
            if announced {
                guarded.cloud().roll_keys().unwrap();
            } else {
                guarded.cloud().roll_keys_unannounced().unwrap();
            }
            while sent.load(Ordering::Relaxed) < before + 50 {
                tokio::task::yield_now().await;
            }
        }
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(roll, caller(), caller(), caller(), caller());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_keys_asks_the_issuer_seldom() {
    let guarded = Guarded::behind(Door::Entra).await;
    let good = bearer(Forge::agent(guarded.cloud()).sign());
    assert_eq!(attack::write(&guarded, &good, "first").await.unwrap().status(), 200);
    let before = guarded.cloud().key_requests();
    let started = Instant::now();
    for flood in 0..40 {
        let callers = (0..16).map(|caller| {
            let kid = json!(format!("{flood}-{caller}"));
            let token = Forge::agent(guarded.cloud()).header("kid", kid).sign();
            let guarded = &guarded;
            async move {
                let answer = attack::write(guarded, &bearer(token), "flood").await.unwrap();
                assert_eq!(answer.status(), 401);
            }
        });
        futures_util::future::join_all(callers).await;
    }
    // One at once, then each after twice the time of the one before, a second at first.
    let seconds = started.elapsed().as_secs_f64();
    let fetches = guarded.cloud().key_requests() - before;
    let most = 2.0 + (1.0 + seconds).log2();
    assert!(f64::from(u32::try_from(fetches).unwrap()) <= most, "{fetches} in {seconds} s");
    assert_eq!(attack::write(&guarded, &good, "last").await.unwrap().status(), 200);
    assert!(started.elapsed() < Duration::from_mins(1));
}
