//! The static files, and compression.

use restaurant_domain::Author;

use crate::{
    site::{TestSite, and_header, request},
    stores::{empty, restaurant, review, small},
};

/// The addresses of the static files that a page names.
async fn addresses(site: &TestSite) -> Vec<String> {
    let page = site.get("/").await;
    let names = page.text().split('"').filter(|text| text.starts_with("/static/"));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test]
async fn files_may_be_kept_for_ever() {
    let site = TestSite::over(small().await);
    let addresses = addresses(&site).await;
    let types = ["image/svg+xml", "text/css; charset=utf-8"];
    assert_eq!(addresses.len(), types.len());
    for (address, content_type) in addresses.iter().zip(types) {
        let file = site.get(address).await;
        assert_eq!(file.status, 200);
        assert_eq!(file.header("content-type"), content_type);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(!file.body.is_empty());
    }
}

#[tokio::test]
async fn a_known_file_is_not_sent_again() {
    let site = TestSite::over(small().await);
    let mut addresses = addresses(&site).await;
    addresses.push("/favicon.ico".to_owned());
    for address in &addresses {
        let etag = site.get(address).await.header("etag").to_owned();
        let ask = |tags: &str| and_header(request("GET", address), "if-none-match", tags);
        let strong = etag.trim_start_matches("W/");
        for tags in [etag.as_str(), strong, "*", &format!("\"other\", {etag}")] {
            let answer = site.send(ask(tags)).await;
            assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0), "{tags}");
            assert_eq!(answer.header("etag"), etag);
            assert!(answer.header("cache-control").starts_with("public, max-age="));
        }
        for tags in ["\"other\"", "", "W/", "\"\""] {
            assert_eq!(site.send(ask(tags)).await.status, 200, "{tags}");
        }
    }
}

#[tokio::test]
async fn unknown_files_are_no_pages() {
    let site = TestSite::over(small().await);
    for file in ["style.css", "style.0000000000000000.css", "", "..%2f..%2fCargo.toml", "%FF"] {
        let status = site.get(&format!("/static/{file}")).await.status;
        assert!(status == 404 || (file == "%FF" && status == 400), "{file}: {status}");
    }
}

#[tokio::test]
async fn pages_and_texts_are_compressed() {
    let site = TestSite::over(small().await);
    let style = addresses(&site).await.pop().unwrap();
    for address in ["/", "/details/1", "/nothing", &style] {
        let plain = site.get(address).await;
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(plain.header("vary"), "accept-encoding");
        for encoding in ["gzip", "br"] {
            let ask = and_header(request("GET", address), "accept-encoding", encoding);
            let answer = site.send(ask).await;
            assert_eq!(answer.header("content-encoding"), encoding, "{address}");
            assert!(answer.body.len() < plain.body.len() / 2 + 200, "{address}");
        }
    }
}

#[tokio::test]
async fn crawlers_are_asked_to_stay_away() {
    let site = TestSite::over(small().await);
    let robots = site.get("/robots.txt").await;
    assert_eq!(robots.text(), "User-agent: *\nDisallow: /\n");
}

#[tokio::test]
async fn pages_and_their_style_are_small_on_the_wire() {
    let store = empty();
    for number in 0..30 {
        restaurant(&*store, &format!("Restaurant {number}"), &Author::agent("1", None)).await;
        review(&*store, 1, 4, &Author::agent("2", Some("Planner"))).await;
    }
    let site = TestSite::over(store);
    let style = addresses(&site).await.into_iter().find(|it| it.contains("style")).unwrap();
    let sized = [(&*style, 6_000), ("/", 4_000), ("/details/1", 4_000), ("/activity", 4_000)];
    for (address, limit) in sized {
        let answer = site.send(and_header(request("GET", address), "accept-encoding", "br")).await;
        assert_eq!(answer.header("content-encoding"), "br");
        assert!(answer.body.len() <= limit, "{address}: {} bytes", answer.body.len());
    }
}
