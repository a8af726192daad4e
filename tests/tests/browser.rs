//! The pages in real Chromium, the way a person uses them: list, create, review, with a bad form on the way.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use restaurant_tests::{browser::Browser, on_both_databases, product::Product};
use thirtyfour::{By, WebDriver, WebElement, error::WebDriverResult, prelude::ElementWaitable};

on_both_databases! {
    a_person_adds_a_restaurant_and_a_review_by_keyboard_and_mouse
    the_pages_fit_a_phone_and_are_dark_when_asked
}

async fn field(driver: &WebDriver, name: &str) -> WebDriverResult<WebElement> {
    driver.find(By::Name(name)).await
}

/// Types over what stands in a field.
async fn fill(driver: &WebDriver, name: &str, text: &str) -> WebDriverResult<()> {
    let field = field(driver, name).await?;
    field.clear().await?;
    field.send_keys(text).await
}

/// Clicks on what leads to another page, and waits until this page is gone.
async fn leave_by(driver: &WebDriver, selector: &str) -> WebDriverResult<()> {
    let element = driver.find(By::Css(selector)).await?;
    element.click().await?;
    element.wait_until().stale().await
}

async fn submit(driver: &WebDriver) -> WebDriverResult<()> {
    leave_by(driver, "main form[method=post] button").await
}

async fn text(driver: &WebDriver) -> WebDriverResult<String> {
    driver.find(By::Tag("body")).await?.text().await
}

async fn a_person_adds_a_restaurant_and_a_review_by_keyboard_and_mouse(product: Product) {
    // Without JavaScript: every step is a plain form.
    let browser = Browser::builder().size(1280, 900).without_javascript().start().await.unwrap();
    let driver = browser.driver();
    add_and_review(driver, &product, &browser).await.unwrap();
    browser.close().await.unwrap();
}

async fn add_and_review(
    driver: &WebDriver,
    product: &Product,
    browser: &Browser,
) -> WebDriverResult<()> {
    driver.goto(product.url("/")).await?;
    browser.screenshot("list-desktop").await.unwrap();
    leave_by(driver, "a[href='/create']").await?;
    fill(driver, "restaurant_name", "Chromium's Corner").await?;
    fill(driver, "street_address", "   ").await?;
    fill(driver, "description", "Tabs and chips").await?;
    submit(driver).await?;
    let address = field(driver, "street_address").await?;
    assert_eq!(address.attr("aria-invalid").await?.as_deref(), Some("true"));
    let described = address.attr("aria-describedby").await?.expect("a message");
    let mut messages = String::new();
    for id in described.split_whitespace() {
        messages.push_str(&driver.find(By::Id(id)).await?.text().await?);
    }
    assert!(messages.contains("blank"), "{messages}");
    let kept = field(driver, "restaurant_name").await?.value().await?;
    assert_eq!(kept.as_deref(), Some("Chromium's Corner"));
    browser.screenshot("create-with-error").await.unwrap();

    fill(driver, "street_address", "156 Render Row").await?;
    submit(driver).await?;
    assert!(driver.find(By::Tag("h1")).await?.text().await?.contains("Chromium's Corner"));
    assert!(driver.find(By::Css("[role=status]")).await?.is_displayed().await?);

    fill(driver, "user_name", "Ann").await?;
    driver.find(By::Css("input[name=rating][value='4']")).await?.click().await?;
    fill(driver, "review_text", "Crisp text, no scripts.").await?;
    submit(driver).await?;
    let shown = text(driver).await?;
    assert!(shown.contains("Crisp text, no scripts.") && shown.contains("Ann"), "{shown}");
    assert!(driver.find(By::Css("time[datetime]")).await?.is_displayed().await?);
    browser.screenshot("details-with-review").await.unwrap();

    driver.goto(product.url("/?search=chromium")).await?;
    assert!(text(driver).await?.contains("Chromium's Corner"));
    Ok(())
}

async fn the_pages_fit_a_phone_and_are_dark_when_asked(product: Product) {
    for (name, width, dark) in
        [("phone-light", 390, false), ("phone-dark", 390, true), ("desktop-dark", 1280, true)]
    {
        let browser = Browser::builder().size(width, 844);
        let browser = if dark { browser.dark() } else { browser }.start().await.unwrap();
        look_around(&product, &browser, name, dark).await.unwrap();
        browser.close().await.unwrap();
    }
}

/// axe finds nothing, with the rules of level AAA, and nothing runs or scrolls sideways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_can_use_the_pages() {
    let product = Product::on_sqlite().await.unwrap();
    let narrow = Browser::builder().size(320, 844);
    for (name, browser) in [
        ("narrow", narrow),
        ("narrow-dark", narrow.dark()),
        ("desktop-light", Browser::builder()),
        ("forced-colors", Browser::builder().forced_colors()),
    ] {
        let browser = browser.start().await.unwrap();
        for (page, path) in PAGES {
            browser.driver().goto(product.url(path)).await.unwrap();
            assert_eq!(browser.accessibility().await.unwrap(), [""; 0], "{page}, {name}");
            let script = "return [document.documentElement.scrollWidth <= window.innerWidth, document.scripts.length]";
            let seen = browser.driver().execute(script, Vec::new()).await.unwrap();
            assert_eq!(seen.convert::<(bool, usize)>().unwrap(), (true, 0), "{page}, {name}");
            browser.screenshot(&format!("{page}-{name}")).await.unwrap();
        }
        browser.close().await.unwrap();
    }
}

/// The pages, each by the name of its picture.
const PAGES: [(&str, &str); 7] = [
    ("list", "/"),
    ("details", "/details/1"),
    ("create", "/create"),
    ("activity", "/activity"),
    ("connect", "/connect"),
    ("welcome", "/welcome"),
    ("missing", "/nothing"),
];

async fn look_around(
    product: &Product,
    browser: &Browser,
    name: &str,
    dark: bool,
) -> WebDriverResult<()> {
    let driver = browser.driver();
    for (page, path) in PAGES {
        driver.goto(product.url(path)).await?;
        let script = "return [document.documentElement.scrollWidth <= window.innerWidth, getComputedStyle(document.body).backgroundColor]";
        let seen = driver.execute(script, Vec::new()).await?;
        let (fits, background): (bool, String) = seen.convert()?;
        assert!(fits, "{page} scrolls sideways on {name}");
        let brightness: u32 = background
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|part| part.parse::<u32>().ok())
            .take(3)
            .sum();
        assert_eq!(brightness < 3 * 128, dark, "{background} on {name}");
        browser.screenshot(&format!("{page}-{name}")).await.unwrap();
    }
    Ok(())
}
