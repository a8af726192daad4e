//! Pages that were rendered, kept for as long as they show what a reader would see.
//!
//! Two things say so. While nothing is written ([`KeptAnswers`]), the same address gives the same reader the same page. After a write a
//! page is read again, and rendered again when it shows something else: a template shows its view and nothing else, so an equal view
//! is the same page. A reader therefore sees a write as soon as it is acknowledged, whichever process made it, and never a page of
//! another reader, who is a part of the address.

use std::{
    any::{Any, TypeId},
    hash::{BuildHasher as _, Hash, RandomState},
    num::NonZeroUsize,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{Uri, uri::PathAndQuery};
use lru::LruCache;
use minijinja::Error;
use restaurant_domain::{KeptAnswers, Repository, Validity};

use crate::{
    error_page::PageError, page_context::PageContext, rendered_page::RenderedPage, templates::Page,
};

/// The number of pages that are kept, by address and by view.
const PAGES: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// The greatest page that is kept, with its address, in bytes. With their views, all together take 48 MiB at most, and usually 4 MiB.
const MAX_BYTES: usize = 64 * 1024;

/// The pages that are kept.
pub(crate) struct KeptPages {
    unchanged: KeptAnswers<Address, RenderedPage>,
    hasher: RandomState,
    /// By the hash of the view.
    pages: Mutex<LruCache<u64, KeptPage>>,
}

/// What a page depends on beside the store.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Address {
    /// A copy, since a part of the request would keep all of it.
    path: Box<str>,
    reader: PageContext,
    /// The id of a reader who may write, since some pages differ for the author of what they show.
    writer: Option<Box<str>>,
}

impl Address {
    pub(crate) fn of(uri: &Uri, reader: &PageContext) -> Self {
        let path = uri.path_and_query().map_or("", PathAndQuery::as_str).into();
        Self { path, reader: reader.clone(), writer: reader.writer_id().map(Into::into) }
    }

    /// Its size without the reader, in bytes.
    fn len(&self) -> usize {
        self.path.len()
    }
}

struct KeptPage {
    view: Box<dyn Any + Send + Sync>,
    page: RenderedPage,
}

impl KeptPages {
    pub(crate) fn new() -> Self {
        Self {
            unchanged: KeptAnswers::new(PAGES),
            hasher: RandomState::new(),
            pages: Mutex::new(LruCache::new(PAGES)),
        }
    }

    /// The page at an address: the one that is kept, or that of the view that is read then.
    ///
    /// # Errors
    /// When the store cannot be asked; those of `view` and `render`.
    pub(crate) async fn at<P: Page + Hash + Eq + Send + Sync + 'static>(
        &self,
        address: Address,
        store: &dyn Repository,
        view: impl Future<Output = Result<Validity<P>, PageError>>,
        render: impl FnOnce(&P) -> Result<String, Error>,
    ) -> Result<RenderedPage, PageError> {
        let room = MAX_BYTES.saturating_sub(address.len());
        // Pinned, since a large future would be moved at each call.
        let page = pin!(async {
            let (view, is_lasting) = match view.await? {
                Validity::Snapshot(view) => (view, true),
                Validity::Once(view) => (view, false),
            };
            let page = self.get(view, render)?;
            let is_kept = is_lasting && page.len() <= room;
            Ok(if is_kept { Validity::Snapshot(page) } else { Validity::Once(page) })
        });
        self.unchanged.get(store, address, page).await
    }

    /// The page of a view: the one that is kept, or a new one.
    fn get<P: Page + Hash + Eq + Send + Sync + 'static>(
        &self,
        view: P,
        render: impl FnOnce(&P) -> Result<String, Error>,
    ) -> Result<RenderedPage, Error> {
        let hash = self.hasher.hash_one((TypeId::of::<P>(), &view));
        if let Some(kept) = self.lock().get(&hash)
            && kept.view.downcast_ref() == Some(&view)
        {
            return Ok(kept.page.clone());
        }
        let html = render(&view)?;
        let page = RenderedPage::new(&html);
        if page.len() <= MAX_BYTES {
            let kept = KeptPage { view: Box::new(view), page: page.clone() };
            self.lock().put(hash, kept);
        }
        Ok(page)
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<u64, KeptPage>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(PartialEq, Eq, Hash, Serialize)]
    struct View(&'static str);

    impl Page for View {
        const TEMPLATE: &'static str = "view.html";
    }

    #[derive(PartialEq, Eq, Hash, Serialize)]
    struct OtherView(&'static str);

    impl Page for OtherView {
        const TEMPLATE: &'static str = "other.html";
    }

    #[test]
    fn a_page_is_rendered_anew_for_another_view_only() {
        let kept = KeptPages::new();
        let len = |view, html: &str| kept.get(View(view), |_| Ok(html.to_owned())).unwrap().len();
        assert_eq!(len("a", "1"), 1);
        assert_eq!(len("b", "22"), 2);
        assert_eq!(len("a", "not rendered"), 1);
        let other = kept.get(OtherView("a"), |_| Ok("333".to_owned())).unwrap();
        assert_eq!(other.len(), 3);
        let long = "x".repeat(MAX_BYTES + 1);
        assert_eq!(len("long", &long), long.len());
        assert_eq!(len("long", "4444"), 4);
    }
}
