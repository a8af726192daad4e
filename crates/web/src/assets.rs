//! The static files: in the binary, under names that change with their content, so that a browser may keep them for ever.

use std::{fmt::Write, sync::LazyLock};

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use sha2::{Digest, Sha256};

/// The stylesheet of all pages.
pub(crate) static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../assets/style.css"))
});
/// The site's icon.
pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../assets/icon.svg"))
});
/// The same icon, for clients that request it without reading a page.
pub(crate) static FAVICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("favicon", "ico", "image/x-icon", include_bytes!("../assets/favicon.ico"))
});

/// A file in the binary.
pub(crate) struct Asset {
    /// `name.hash.extension`, below `/static/`.
    pub(crate) file: String,
    etag: String,
    content_type: &'static str,
    content: &'static [u8],
}

impl Asset {
    /// The asset whose address has this file name.
    pub(crate) fn find(file: &str) -> Option<&'static Self> {
        [&*STYLESHEET, &*ICON].into_iter().find(|asset| asset.file == file)
    }

    fn new(
        name: &str,
        extension: &str,
        content_type: &'static str,
        content: &'static [u8],
    ) -> Self {
        let mut hash = String::new();
        for byte in Sha256::digest(content).iter().take(8) {
            // Writing to a String cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Self {
            file: format!("{name}.{hash}.{extension}"),
            // Weak, since the same tag stands for the plain and the compressed form.
            etag: format!("W/\"{hash}\""),
            content_type,
            content,
        }
    }

    /// The response to a request with these headers; 304 where the client has this content.
    pub(crate) fn respond(&self, request: &HeaderMap, caching: &str) -> Response {
        let headers = [(ETAG, self.etag.as_str()), (CACHE_CONTROL, caching)];
        if self.is_known_to(request) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(CONTENT_TYPE, self.content_type)], self.content).into_response()
    }

    /// Whether the browser says that it has this very content.
    fn is_known_to(&self, request: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        request
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(&self.etag))
    }
}
