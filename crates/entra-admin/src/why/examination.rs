//! The answers of the checks to a token.

use std::fmt;

use crate::Remedy;

/// A check of an access token, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenCheck {
    /// Whether the platform looks at tokens at all.
    Platform,
    /// The token's form and signature.
    Signature,
    /// `exp` and `nbf`.
    Time,
    /// `aud`, by `allowedAudiences`.
    Audience,
    /// `iss`, by `openIdIssuer`.
    Issuer,
    /// `appid` or `azp`, by `defaultAuthorizationPolicy.allowedApplications`.
    AllowedApplications,
    /// `appid` or `azp`, by `jwtClaimChecks.allowedClientApplications`.
    AllowedClientApplications,
    /// `oid`, by `allowedPrincipals.identities`.
    AllowedPrincipals,
    /// `groups`, by `allowedPrincipals.groups` and `jwtClaimChecks.allowedGroups`.
    AllowedGroups,
    /// The role or scope that the app asks for.
    Permission,
}

impl fmt::Display for TokenCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Platform => "platform",
            Self::Signature => "signature",
            Self::Time => "time",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::AllowedApplications => "allowedApplications",
            Self::AllowedClientApplications => "allowedClientApplications",
            Self::AllowedPrincipals => "allowedPrincipals.identities",
            Self::AllowedGroups => "allowed groups",
            Self::Permission => "role or scope (the app)",
        })
    }
}

impl TokenCheck {
    pub(super) fn accepts(self, answer: impl Into<String>) -> Verdict {
        Verdict { check: self, answer: answer.into(), refusal: None }
    }

    pub(super) fn refuses(self, status: u16, answer: impl Into<String>, remedy: Remedy) -> Verdict {
        Verdict { check: self, answer: answer.into(), refusal: Some(Refusal { status, remedy }) }
    }
}

/// The answer of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The check.
    pub check: TokenCheck,
    /// Its reason, in a few words, without control characters.
    pub answer: String,
    /// The refusal; `None` if the check accepts the token.
    pub refusal: Option<Refusal>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status of the answer.
    pub status: u16,
    /// What makes the check accept the caller.
    pub remedy: Remedy,
}

/// The answers of all checks to a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Examination {
    /// In the order of the checks. Where the platform looks at no token, there is one.
    pub verdicts: Vec<Verdict>,
}

impl Examination {
    /// The first check that refuses the token, whose answer its caller gets; `None` if the app serves the caller.
    #[must_use]
    pub fn refusal(&self) -> Option<(&Verdict, &Refusal)> {
        self.verdicts.iter().find_map(|it| Some((it, it.refusal.as_ref()?)))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, answer, refusal } = self;
        match refusal {
            None => write!(f, "{check}: accepted, {answer}"),
            Some(refusal) => write!(f, "{check}: refused ({}), {answer}", refusal.status),
        }
    }
}
