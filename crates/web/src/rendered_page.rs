//! A page as it is sent: a text, with a new key in each form.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header::CONTENT_TYPE};
use http_body::{Frame, SizeHint};

use crate::form::FormKey;

/// A page, cut where each form has its key, which is never the same.
#[derive(Clone)]
pub(crate) struct RenderedPage(Arc<[Bytes]>);

impl RenderedPage {
    /// Cuts the page that a template made.
    pub(crate) fn new(html: &str) -> Self {
        let parts = html.split(FormKey::place());
        Self(parts.map(|part| Bytes::copy_from_slice(part.as_bytes())).collect())
    }

    /// Its size without keys, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }
}

impl IntoResponse for RenderedPage {
    fn into_response(self) -> Response {
        let content_type = HeaderValue::from_static("text/html; charset=utf-8");
        let bytes = self.len() + (self.0.len() - 1) * FormKey::place().len();
        let body = PageBody { texts: self.0, next: 0, bytes };
        ([(CONTENT_TYPE, content_type)], Body::new(body)).into_response()
    }
}

/// The body of a page: texts, and a key between each two. Texts are sent as they are kept, without a copy.
struct PageBody {
    texts: Arc<[Bytes]>,
    /// The place of the next part among texts and keys.
    next: usize,
    /// The bytes that are left.
    bytes: usize,
}

impl HttpBody for PageBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let is_text = self.next.is_multiple_of(2);
        let part =
            if is_text { self.texts[self.next / 2].clone() } else { FormKey::random().into() };
        self.next += 1;
        self.bytes -= part.len();
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use http_body_util::BodyExt;

    use super::*;

    async fn sent(page: &RenderedPage) -> String {
        let body = page.clone().into_response().into_body();
        let size = body.size_hint().exact();
        let bytes = body.collect().await.unwrap().to_bytes();
        assert_eq!(size, Some(bytes.len() as u64));
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn each_form_has_a_key_of_its_own() {
        let place = FormKey::place();
        for (before, between, after) in [("<p>", "|", "</p>"), ("", "|", ""), ("", "", "")] {
            let page = RenderedPage::new(&format!("{before}{place}{between}{place}{after}"));
            let mut keys = BTreeSet::new();
            for _ in 0..2 {
                let sent = sent(&page).await;
                let inner = sent.strip_prefix(before).unwrap().strip_suffix(after).unwrap();
                let (first, rest) = inner.split_at(place.len());
                keys.extend([first.to_owned(), rest.strip_prefix(between).unwrap().to_owned()]);
            }
            assert_eq!(keys.len(), 4);
            assert!(keys.iter().all(|key| key.len() == 36 && *key != place), "{keys:?}");
        }
    }

    #[tokio::test]
    async fn a_page_without_forms_is_sent_as_it_is() {
        for html in ["<p>", ""] {
            assert_eq!(sent(&RenderedPage::new(html)).await, html);
        }
    }
}
