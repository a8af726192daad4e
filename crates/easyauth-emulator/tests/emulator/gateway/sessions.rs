//! Browser sessions: the paths under `/.auth/`, and the cookie.

use easyauth_emulator::sample;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{Site, client};

fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Signs in whom the hint names; gives the cookie, and where they were sent.
async fn sign_in(site: &Site, then: &str) -> (String, String) {
    let hint = sample::USER_NAME;
    let login = format!("/.auth/login/aad?login_hint={hint}&post_login_redirect_uri={then}");
    let to_issuer = location(&site.get(&login).send().await.unwrap());
    let back = location(&client().get(to_issuer).send().await.unwrap());
    let signed_in = client().get(back).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    (cookie.split(';').next().unwrap().to_owned(), location(&signed_in))
}

#[tokio::test]
async fn a_person_signs_in_is_known_and_signs_out() {
    let site = Site::new().await;
    let (cookie, then) = sign_in(&site, "%2Fx%3Fy").await;
    assert_eq!(then, "/x?y");
    let get = |path: &str| site.get(path).header("cookie", &cookie).send();
    let seen: Value = get("/x").await.unwrap().json().await.unwrap();
    assert_eq!(seen["headers"]["x-ms-client-principal-id"], json!([sample::USER]));
    assert_eq!(seen["headers"]["x-ms-client-principal-name"], json!(["Ada Sample"]));
    assert!(seen["headers"].get("x-ms-token-aad-id-token").is_some());
    assert!(seen["headers"].get("authorization").is_none());
    let me: Value = get("/.auth/me").await.unwrap().json().await.unwrap();
    assert_eq!(
        (&me[0]["provider_name"], &me[0]["user_id"]),
        (&json!("aad"), &json!(sample::USER_NAME))
    );
    assert_eq!(get("/.auth/refresh").await.unwrap().status(), 200);
    assert_eq!(get("/.auth/refresh").await.unwrap().status(), 200, "with the token of the first");
    assert_eq!(get("/.auth/version").await.unwrap().status(), 200);

    assert_eq!(location(&get("/.auth/logout?post_logout_redirect_uri=%2F").await.unwrap()), "/");
    for path in ["/x", "/.auth/me", "/.auth/refresh"] {
        assert_eq!(get(path).await.unwrap().status(), 401, "{path}");
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let site = Site::new().await;
    for to in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "x", ""] {
        assert_eq!(sign_in(&site, to).await.1, "/", "{to}");
        let logout = site.get(&format!("/.auth/logout?post_logout_redirect_uri={to}"));
        assert_eq!(location(&logout.send().await.unwrap()), "/", "{to}");
    }
}

#[tokio::test]
async fn a_sign_in_that_nobody_began_is_refused() {
    let site = Site::new().await;
    for query in ["", "?code=x", "?code=x&state=guessed", "?state=guessed"] {
        let answer = site.get(&format!("/.auth/login/aad/callback{query}")).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{query}");
        assert!(answer.headers().get("set-cookie").is_none());
    }
    let hint = sample::USER_NAME;
    let login = site.get(&format!("/.auth/login/aad?login_hint={hint}")).send().await.unwrap();
    let back = location(&client().get(location(&login)).send().await.unwrap());
    assert_eq!(client().get(&back).send().await.unwrap().status(), 303);
    assert_eq!(client().get(&back).send().await.unwrap().status(), 401, "used twice");
    let cookie =
        site.get("/x").header("cookie", "AppServiceAuthSession=guessed").send().await.unwrap();
    assert_eq!(cookie.status(), 401);
    assert_eq!(site.get("/.auth/unknown").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn without_the_token_store_tokens_are_told_to_nobody() {
    let site = Site::new().await;
    let (cookie, _) = sign_in(&site, "%2F").await;
    site.change("/login/tokenStore/enabled", json!(false));
    let get = |path: &str| site.get(path).header("cookie", &cookie).send();
    let seen: Value = get("/x").await.unwrap().json().await.unwrap();
    assert!(seen["headers"].get("x-ms-token-aad-id-token").is_none());
    assert!(seen["headers"].get("x-ms-client-principal").is_some());
    assert_eq!(get("/.auth/me").await.unwrap().status(), 404);
}
