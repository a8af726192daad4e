//! `/healthz` and `/readyz`.

use std::{sync::Arc, time::Duration};

use restaurant_domain::testing::Failure;

use crate::{site::TestSite, stores::small};

#[tokio::test]
async fn a_working_site_is_alive_and_ready() {
    let site = TestSite::over(small().await);
    for (address, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = site.get(address).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, text));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_store_is_not_ready_but_the_process_lives() {
    for store in [Failure::Unavailable, Failure::Failed, Failure::Hangs] {
        let site = TestSite::over(Arc::new(store.store()));
        assert_eq!(site.get("/healthz").await.status, 200);
        let started = tokio::time::Instant::now();
        let answer = site.get("/readyz").await;
        assert!(started.elapsed() <= Duration::from_millis(2010), "the default is 2 s");
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.shows("not ready\n").hides(Failure::SECRET).hides("<");
    }
    let panics = TestSite::over(Arc::new(Failure::Panics.store()));
    let answer = panics.get("/readyz").await;
    assert_eq!(answer.status, 500);
    answer.hides(Failure::SECRET);
}
