//! The cases: what is sent, what has to come back, and the check that judges it.

mod answers;
mod carriers;
mod catalogue;
mod doors;
mod echo;
mod everywhere;
pub(crate) mod functions;
mod guarded;
mod half_keys;
mod identity_headers;
mod lookalikes;
mod metadata;
mod origins;
mod refusals;
mod resource;
mod writes;

use std::future::Future;
use std::pin::Pin;

use crate::{
    Part, TokenKind,
    context::Context,
    outcome::CaseFailure,
    requirements::{Authentication, Writes},
};

/// A case of the proof. Its id is fixed.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// `A1`, `B1`, …: the letter is the group.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// What a pass proves, as the end of "The case proves that".
    pub proves: &'static str,
    /// What a pass does not prove, and the evidence that would; empty where there is nothing to say.
    pub leaves_open: &'static str,
    /// Whether the platform's authentication is on.
    pub authentication: Authentication,
    /// What is sent.
    pub sends: &'static str,
    /// What has to come back.
    pub expects: &'static str,
    /// The tokens that it needs. With some of them it is judged in part, which is no pass.
    pub tokens: &'static [TokenKind],
    /// The tokens that it uses where they are given. Without them it can pass; its result says what was not judged.
    pub also: &'static [TokenKind],
    /// Whether it uses a good token where there is one: it forges tokens from it, or reads with it what callers without a
    /// token must not see.
    pub forges: bool,
    /// Whether it writes.
    pub writes: Writes,
    /// What the profile must describe. Without it the case is skipped.
    pub needs: &'static [Part],
    pub(crate) check: Check,
}

/// Judges a case: describes the response of a case that passed, or the failure.
pub(crate) type Check =
    for<'a> fn(
        &'a Context<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<String, CaseFailure>> + Send + 'a>>;

impl Case {
    /// The letter of its group.
    #[must_use]
    pub fn group(&self) -> char {
        self.id.chars().next().unwrap_or_default()
    }

    /// The case of that id.
    #[must_use]
    pub fn by_id(id: &str) -> Option<&'static Self> {
        Self::all().find(|case| case.id.eq_ignore_ascii_case(id))
    }

    /// Every case, in the order of the ids.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        catalogue::CASES.iter().copied().flatten()
    }
}
