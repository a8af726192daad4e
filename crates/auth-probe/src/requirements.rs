//! What a case needs of the app, and of its profile.

/// The state of the app's authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Off.
    Off,
    /// On.
    On,
}

/// Whether a case writes into the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// It only reads.
    Never,
    /// It reads as well, so without its writes a part of it can be judged.
    Also,
    /// It cannot be judged without its writes.
    Only,
}

/// A part of a profile that a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// `pages.paths`.
    Pages,
    /// `root` in `metadata.at`.
    RootMetadata,
    /// `suffix` in `metadata.at`.
    SuffixMetadata,
    /// `[read]`.
    Read,
    /// `[details]`.
    Details,
    /// `[write]`.
    Write,
    /// `[parent]`.
    Parent,
}

impl Part {
    /// Why a case is skipped for want of it.
    pub(crate) fn missing(self) -> &'static str {
        match self {
            Self::Pages => "the profile describes no pages",
            Self::RootMetadata => "by the profile there are no metadata of the origin",
            Self::SuffixMetadata => "by the profile there are no metadata of the endpoint",
            Self::Read => "the profile has no [read]",
            Self::Details => "the profile has no [details]",
            Self::Write => "the profile has no [write]",
            Self::Parent => "the profile has no [parent]",
        }
    }
}
