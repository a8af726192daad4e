//! The issuer's pages: they fit a telephone.

use axum::response::{Html, IntoResponse, Response};

/// A page with a heading, and HTML after it.
pub(super) fn page(title: &str, body: &str) -> Response {
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 24rem; padding: 1rem }}
ul {{ list-style: none; padding: 0 }}
a, button, input {{ box-sizing: border-box; display: block; font: inherit; margin: .75rem 0; min-height: 3rem; padding: .6rem 1rem; width: 100% }}
a, button {{ background: #0f5bb5; border: 0; border-radius: .4rem; color: #fff; text-align: center; text-decoration: none }}
</style>
<h1>{title}</h1>
{body}
</html>
"#
    ))
    .into_response()
}

/// A text within HTML or an attribute of it.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
