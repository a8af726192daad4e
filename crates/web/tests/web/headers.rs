//! The headers that every response carries.

use std::sync::Arc;

use restaurant_domain::testing::Failure;

use crate::{
    site::{TestSite, request},
    stores::small,
};

#[tokio::test]
async fn every_response_is_guarded() {
    let site = TestSite::over(small().await);
    let broken = TestSite::over(Arc::new(Failure::Panics.store()));
    let answers = [
        site.get("/").await,
        site.get("/create").await,
        site.get("/details/1").await,
        site.get("/healthz").await,
        site.get("/favicon.ico").await,
        site.get("/nothing").await,
        site.post("/add", &[]).await,
        site.post("/review/1", &[("user_name", "a"), ("rating", "1"), ("review_text", "b")]).await,
        site.send(request("HEAD", "/")).await,
        site.send(request("PUT", "/")).await,
        broken.get("/").await,
        broken.get("/readyz").await,
    ];
    for answer in answers {
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"));
        assert_eq!(answer.headers.get_all("cache-control").iter().count(), 1);
    }
}

#[tokio::test]
async fn pages_stay_out_of_shared_caches() {
    let site = TestSite::over(small().await);
    for address in ["/", "/create", "/details/1"] {
        assert_eq!(site.get(address).await.header("cache-control"), "private, no-cache");
    }
}
