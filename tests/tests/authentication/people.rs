//! People behind the platform, in real Chromium: they sign in, write in their own name, and sign out.

use easyauth_emulator::sample;
use reqwest::{Client, redirect::Policy};
use restaurant_tests::{browser::Browser, mcp};
use serde_json::json;
use thirtyfour::{By, WebDriver, error::WebDriverResult, prelude::ElementWaitable};

use crate::protected_server::{Deployment, ProtectedServer};

/// The product behind the platform, which sends people to sign in.
async fn with_sign_in() -> ProtectedServer {
    let protected = ProtectedServer::start(Deployment::Platform).await;
    let mut sites = protected.cloud().sites();
    let validation = &mut sites[0].auth_settings["globalValidation"];
    validation["unauthenticatedClientAction"] = json!("RedirectToLoginPage");
    drop(sites);
    protected
}

async fn leave_by(driver: &WebDriver, by: By) -> WebDriverResult<()> {
    let element = driver.find(by).await?;
    element.click().await?;
    element.wait_until().stale().await
}

async fn text(driver: &WebDriver) -> WebDriverResult<String> {
    driver.find(By::Tag("body")).await?.text().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_writes_and_signs_out() {
    let protected = with_sign_in().await;
    let browser = Browser::builder().size(1280, 900).start().await.unwrap();
    visit(browser.driver(), &protected).await.unwrap();
    browser.close().await.unwrap();
}

async fn visit(driver: &WebDriver, protected: &ProtectedServer) -> WebDriverResult<()> {
    driver.goto(protected.url("/details/1")).await?;
    assert!(text(driver).await?.contains("Who are you?"), "the issuer asks");
    leave_by(driver, By::LinkText("Ada Sample")).await?;
    assert_eq!(driver.current_url().await?.as_str(), protected.url("/details/1"));
    assert!(text(driver).await?.contains("Signed in as Ada Sample"));

    let name = driver.find(By::Name("user_name")).await?;
    assert_eq!(name.value().await?.as_deref(), Some("Ada Sample"));
    driver.find(By::Css("label[for=rating-5]")).await?.click().await?;
    driver.find(By::Name("review_text")).await?.send_keys("Worth the walk.").await?;
    leave_by(driver, By::Css("main form[method=post] button")).await?;
    let page = text(driver).await?;
    assert!(
        page.contains("Worth the walk.") && page.contains("posted by person Ada Sample"),
        "{page}"
    );

    leave_by(driver, By::LinkText("Sign out")).await?;
    assert!(text(driver).await?.contains("Who are you?"), "the next page asks again");
    Ok(())
}

/// The cookie of somebody who signed in at the platform.
pub async fn cookie(protected: &ProtectedServer) -> String {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let login = protected.url(&format!("/.auth/login/aad?login_hint={}", sample::USER_NAME));
    let mut answer = client.get(login).send().await.unwrap();
    for _ in 0..2 {
        let next = answer.headers()["location"].to_str().unwrap();
        answer = client.get(next).send().await.unwrap();
    }
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_good_for_pages_and_not_for_tools() {
    let protected = with_sign_in().await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let cookie = &cookie(&protected).await;
    let get = |path: &str| client.get(protected.url(path)).header("cookie", cookie).send();
    assert_eq!(get("/").await.unwrap().status(), 200);
    let list = mcp::request("tools/list", &json!({}));
    let tools = mcp::post(&client, protected.url("/mcp"), &list).header("cookie", cookie);
    let tools = tools.send().await.unwrap();
    assert_eq!(tools.status(), 403, "nobody granted a program the scope");
    assert_eq!(client.get(protected.url("/")).send().await.unwrap().status(), 302);
}
