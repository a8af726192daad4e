//! Pages that were rendered, kept by what they show.
//!
//! A template shows its view and nothing else, so an equal view is the same page. A reader therefore sees a write as soon as the store
//! returns it, whichever process made it, and never a page of another reader, whose name is a part of the view.

use std::{
    any::{Any, TypeId},
    hash::{BuildHasher as _, Hash, RandomState},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use lru::LruCache;
use minijinja::Error;

use crate::{form::FormKey, templates::Page};

/// The number of pages that are kept.
const PAGES: usize = 256;

/// The greatest page that is kept, in bytes. With their views, all together take 32 MiB at most, and usually 4 MiB.
const MAX_BYTES: usize = 64 * 1024;

/// The pages that are kept.
pub(crate) struct KeptPages {
    hasher: RandomState,
    /// By the hash of the view.
    pages: Mutex<LruCache<u64, KeptPage>>,
}

struct KeptPage {
    view: Box<dyn Any + Send + Sync>,
    page: RenderedPage,
}

impl KeptPages {
    pub(crate) fn new() -> Self {
        let pages = NonZeroUsize::new(PAGES).unwrap_or(NonZeroUsize::MIN);
        Self { hasher: RandomState::new(), pages: Mutex::new(LruCache::new(pages)) }
    }

    /// The page of a view: the one that is kept, or a new one.
    ///
    /// # Errors
    /// Those of `render`.
    pub(crate) fn get<P: Page + Hash + Eq + Send + Sync + 'static>(
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
        if html.len() <= MAX_BYTES {
            let kept = KeptPage { view: Box::new(view), page: page.clone() };
            self.lock().put(hash, kept);
        }
        Ok(page)
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<u64, KeptPage>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page, cut where each form has its key, which is never the same.
#[derive(Clone)]
pub(crate) struct RenderedPage(Arc<[Bytes]>);

impl RenderedPage {
    /// Cuts the page that a template made.
    pub(crate) fn new(html: &str) -> Self {
        let parts = html.split(FormKey::place());
        Self(parts.map(|part| Bytes::copy_from_slice(part.as_bytes())).collect())
    }

    /// The whole page, with a new key in each form.
    pub(crate) fn with_keys(&self) -> Bytes {
        let [first, rest @ ..] = &*self.0 else { return Bytes::new() };
        if rest.is_empty() {
            return first.clone();
        }
        let size = self.0.iter().map(|part| part.len() + FormKey::place().len()).sum();
        let mut page = Vec::with_capacity(size);
        page.extend_from_slice(first);
        for part in rest {
            page.extend_from_slice(FormKey::random().as_bytes());
            page.extend_from_slice(part);
        }
        page.into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
        let page =
            |view, html: &str| kept.get(View(view), |_| Ok(html.to_owned())).unwrap().with_keys();
        assert_eq!(page("a", "first"), "first");
        assert_eq!(page("b", "second"), "second");
        assert_eq!(page("a", "not rendered"), "first");
        let other = kept.get(OtherView("a"), |_| Ok("third".to_owned())).unwrap();
        assert_eq!(other.with_keys(), "third");
        let long = "x".repeat(MAX_BYTES + 1);
        assert_eq!(page("long", &long), long);
        assert_eq!(page("long", "fourth"), "fourth");
    }

    #[test]
    fn each_form_has_a_key_of_its_own() {
        let kept = KeptPages::new();
        let place = FormKey::place();
        let keys = || {
            let page = kept.get(View("form"), |_| Ok(format!("{place}|{place}"))).unwrap();
            String::from_utf8(page.with_keys().to_vec()).unwrap()
        };
        let pages = [keys(), keys()];
        let keys: BTreeSet<_> = pages.iter().flat_map(|page| page.split('|')).collect();
        assert_eq!(keys.len(), 4);
        assert!(keys.iter().all(|key| key.len() == 36 && *key != place), "{keys:?}");
    }
}
