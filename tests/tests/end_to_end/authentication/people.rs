//! People behind the platform, in real Chromium: they sign in, write in their own name, and sign out.

use easyauth_emulator::sample;
use reqwest::{Client, redirect::Policy};
use restaurant_tests::{browser::Browser, mcp};
use serde_json::{Value, json};
use thirtyfour::{By, WebDriver, error::WebDriverResult, prelude::ElementWaitable};

use super::{
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
};

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

/// The product behind the platform, as `infra/` deploys it.
async fn as_deployed() -> ProtectedServer {
    let protected = ProtectedServer::start(Deployment::Platform).await;
    let deployed = include_str!("../../../../infra/authsettings.json");
    let deployed: Value = serde_json::from_str(deployed).unwrap();
    let mut sites = protected.cloud().sites();
    sites[0].auth_settings["globalValidation"] = deployed["properties"]["globalValidation"].clone();
    drop(sites);
    protected
}

/// A person comes in at the front door, sees what an agent wrote, writes and takes it back, and leaves. A moderator hides
/// what the agent wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_an_agent_see_each_other_from_the_welcome_to_the_sign_out() {
    let protected = as_deployed().await;
    let review = json!({
        "restaurant_id": 1, "user_name": "Planner", "rating": 2, "review_text": "Measured by a program.",
    });
    let call = mcp::tool_call("create_review_mcp", &review);
    let token = Forge::agent(protected.cloud()).sign();
    let written = mcp::post(&Client::new(), protected.url("/mcp"), &call).bearer_auth(token);
    let written: Value = written.send().await.unwrap().json().await.unwrap();
    assert_eq!(written["result"]["isError"], false, "{written}");
    let browser = Browser::builder().size(1280, 900).without_javascript().start().await.unwrap();
    let visitor = Visitor { browser: &browser, protected: &protected };
    visitor.sign_in("Ada Sample").await.unwrap();
    visitor.review_and_undo().await.unwrap();
    visitor.sign_out().await.unwrap();
    visitor.sign_in("Ben Sample").await.unwrap();
    visitor.hide_what_the_agent_wrote().await.unwrap();
    visitor.sign_out().await.unwrap();
    browser.close().await.unwrap();
}

struct Visitor<'a> {
    browser: &'a Browser,
    protected: &'a ProtectedServer,
}

impl Visitor<'_> {
    async fn sees(&self, name: &str, expected: &[&str]) -> WebDriverResult<()> {
        let page = text(self.browser.driver()).await?;
        for expected in expected {
            assert!(page.contains(expected), "{name}: {expected} is not in {page}");
        }
        self.browser.screenshot(&format!("round-{name}")).await.unwrap();
        Ok(())
    }

    async fn goto(&self, path: &str) -> WebDriverResult<()> {
        self.browser.driver().goto(self.protected.url(path)).await
    }

    async fn sign_in(&self, name: &str) -> WebDriverResult<()> {
        let driver = self.browser.driver();
        self.goto("/welcome").await?;
        self.sees("welcome", &["reviewed by people and by agents"]).await?;
        leave_by(driver, By::LinkText("Sign in")).await?;
        leave_by(driver, By::LinkText(name)).await?;
        assert_eq!(driver.current_url().await?.as_str(), self.protected.url("/"));
        self.sees("list", &[name, "Sign out"]).await
    }

    async fn sign_out(&self) -> WebDriverResult<()> {
        let driver = self.browser.driver();
        leave_by(driver, By::LinkText("Sign out")).await?;
        assert_eq!(driver.current_url().await?.as_str(), self.protected.url("/welcome"));
        self.goto("/details/1").await?;
        assert!(!text(driver).await?.contains("Measured"), "the session has ended");
        Ok(())
    }

    async fn review_and_undo(&self) -> WebDriverResult<()> {
        let driver = self.browser.driver();
        self.goto("/details/1").await?;
        let chip = driver.find(By::Css(".review.by-agent .chip.agent")).await?.text().await?;
        assert!(chip.contains("posted by agent"), "{chip}");
        leave_by(driver, By::PartialLinkText("Agents ")).await?;
        self.sees("agents", &["Only reviews by agents", "Measured by a program."]).await?;

        let name = driver.find(By::Name("user_name")).await?;
        assert_eq!(name.value().await?.as_deref(), Some("Ada Sample"));
        name.clear().await?;
        name.send_keys("A. Critic").await?;
        driver.find(By::Css("label[for=rating-5]")).await?.click().await?;
        driver.find(By::Name("review_text")).await?.send_keys("Worth the walk.").await?;
        leave_by(driver, By::Css("form[action^='/review'] button")).await?;
        let posted = ["Your review was posted", "A. Critic", "posted by person Ada Sample", "Undo"];
        self.sees("posted", &posted).await?;
        let focused = driver.active_element().await?;
        assert_eq!(focused.attr("role").await?.as_deref(), Some("status"), "it is heard");

        leave_by(driver, By::Css(".review.new button")).await?;
        assert!(!text(driver).await?.contains("Worth the walk."), "it is gone");
        leave_by(driver, By::LinkText("Activity")).await?;
        let undone = ["Deleted a review of", "Reviewed", "create_review_mcp", "Ada Sample"];
        self.sees("activity", &undone).await
    }

    async fn hide_what_the_agent_wrote(&self) -> WebDriverResult<()> {
        let driver = self.browser.driver();
        self.goto("/details/1?by=agents").await?;
        leave_by(driver, By::Css(".review.by-agent button[formaction^='/hide']")).await?;
        assert!(!text(driver).await?.contains("Measured by a program."), "readers see it no more");
        self.sees("hidden", &["Restore"]).await?;
        leave_by(driver, By::LinkText("Activity")).await?;
        self.sees("moderated", &["Hid a review of", "Ben Sample", "posted by agent"]).await
    }
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
