//! What a server is like: where it answers, what it offers, and what the cases may call.

mod calls;
mod checks;
mod look;
mod placeholders;

use std::{collections::BTreeMap, str::FromStr};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Part;

pub use self::look::LookError;
pub(crate) use self::placeholders::Values;

/// The arguments of a tool, or the members of a result, by name.
type Members = Map<String, Value>;

/// A description of an MCP server, read from TOML. What it leaves out is not judged, or has the default of its field.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    pub(crate) mcp: Mcp,
    pub(crate) pages: Pages,
    pub(crate) metadata: Metadata,
    pub(crate) access: Access,
    pub(crate) read: Option<Read>,
    pub(crate) details: Option<Call>,
    pub(crate) write: Option<Write>,
    pub(crate) parent: Option<Write>,
}

/// A profile or a policy that cannot be used. The text says where, and names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProfileError(String);

/// The MCP endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mcp {
    /// The endpoint's path, and others that may lead to it.
    pub(crate) paths: Vec<String>,
    /// The tools that an accepted caller sees. If empty, at least one.
    pub(crate) tools: Vec<String>,
    /// The URI of a resource.
    pub(crate) resource: Option<String>,
    /// Whether the server wants a session (`Mcp-Session-Id`).
    pub(crate) sessions: bool,
    /// The versions of the protocol that it speaks.
    pub(crate) eras: Vec<Era>,
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Era {
    /// The last one that opens with `initialize`.
    #[serde(rename = "2025-11-25")]
    Handshake,
    /// The first one in which each request stands alone.
    #[serde(rename = "2026-07-28")]
    Stateless,
}

/// The pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Pages {
    /// Their paths, with or without a query. The first one must exist.
    pub(crate) paths: Vec<String>,
    /// The paths to which forms are posted.
    pub(crate) forms: Vec<String>,
    /// Paths that need no token, such as that of health checks.
    pub(crate) open: Vec<String>,
}

/// Protected resource metadata.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metadata {
    /// Where the documents are.
    pub(crate) at: Vec<Place>,
}

/// An address of protected resource metadata (RFC 9728, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// `/.well-known/oauth-protected-resource`.
    Root,
    /// The same, with the endpoint's path after it.
    Suffix,
}

/// What a token needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Access {
    /// The app role of programs.
    pub(crate) role: String,
    /// The scope of programs that act for a user.
    pub(crate) scope: String,
}

/// A call that reads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) arguments: Members,
    /// JSON pointers, of which the first one that leads to a list gives the items. If empty, any result will do.
    #[serde(default)]
    pub(crate) items: Vec<String>,
    /// What each item has, and of which type.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, FieldType>,
}

/// A JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FieldType {
    Integer,
    Number,
    String,
    Boolean,
    List,
    Object,
}

/// A call and its result. Texts may have placeholders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) arguments: Members,
    /// JSON pointers into the result: the first one that leads to an object or a list is looked at. If empty, the whole.
    #[serde(default)]
    pub(crate) at: Vec<String>,
    /// What is there: the members of that object, or of an item of that list.
    #[serde(default)]
    pub(crate) has: Members,
    /// JSON pointers that must lead to lists.
    #[serde(default)]
    pub(crate) lists: Vec<String>,
}

/// A call that writes, and the one that reads back what was written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    /// What is written, in one word.
    #[serde(default = "row")]
    pub(crate) noun: String,
    pub(crate) tool: String,
    pub(crate) arguments: Members,
    /// The JSON pointer to the id in the result. Default: there is none.
    pub(crate) id: Option<String>,
    /// What the result has.
    #[serde(default)]
    pub(crate) has: Members,
    pub(crate) read_back: Call,
    /// A call that finds what was written by its text alone. Default: `read_back`, unless that needs the id.
    pub(crate) find: Option<Call>,
    /// A form that writes the same.
    pub(crate) form: Option<Form>,
}

fn row() -> String {
    "row".to_owned()
}

/// A form of a page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    pub(crate) path: String,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Default for Mcp {
    fn default() -> Self {
        let (tools, resource) = (Vec::new(), None);
        let (paths, eras) = (vec!["/mcp".to_owned()], vec![Era::Handshake]);
        Self { paths, tools, resource, sessions: false, eras }
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self { at: vec![Place::Root, Place::Suffix] }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self { role: "MCP.Access".to_owned(), scope: "user_impersonation".to_owned() }
    }
}

impl ProfileError {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Reads a value from TOML; the error names the line and the key.
pub(crate) fn from_toml<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, ProfileError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        ProfileError(format!("{line}{}", error.message().replace('\n', " ")))
    })
}

impl FromStr for Profile {
    type Err = ProfileError;

    /// Reads TOML.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown key or a wrong value, or its parts do not fit together.
    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = from_toml(text)?;
        profile.check().map_err(ProfileError)?;
        Ok(profile)
    }
}

impl Profile {
    /// The profile of an app of restaurants and reviews.
    #[must_use]
    pub fn built_in() -> Self {
        include_str!("profile/restaurants.toml").parse().unwrap_or_default()
    }

    /// Whether the parts fit together, and every path is one.
    fn check(&self) -> Result<(), String> {
        if self.mcp.paths.is_empty() {
            return Err("mcp.paths: give at least one path, such as \"/mcp\"".to_owned());
        }
        if self.mcp.eras.is_empty() {
            return Err("mcp.eras: give \"2025-11-25\", \"2026-07-28\" or both".to_owned());
        }
        let forms =
            [&self.write, &self.parent].into_iter().flatten().filter_map(|it| it.form.as_ref());
        let pages = &self.pages;
        let lists = [
            ("mcp.paths", &self.mcp.paths),
            ("pages.paths", &pages.paths),
            ("pages.forms", &pages.forms),
            ("pages.open", &pages.open),
        ];
        let paths =
            lists.iter().flat_map(|(name, paths)| paths.iter().map(move |path| (*name, path)));
        let all = paths.chain(forms.map(|form| ("form.path", &form.path)));
        if let Some((name, path)) = all.into_iter().find(|(_, path)| !is_path(path)) {
            return Err(format!("{name}: {path:?} is no path: open it with one slash"));
        }
        let has_items = self.read.as_ref().is_some_and(|read| !read.items.is_empty());
        if self.details.is_some() && !has_items {
            return Err("details: it needs read.items, from which its item is taken".to_owned());
        }
        let of_parent = |write: &Write| placeholders::names(&json!(write.arguments), "parent");
        if self.parent.is_none() && self.write.as_ref().is_some_and(of_parent) {
            return Err("write.arguments: {parent} needs [parent]".to_owned());
        }
        if self.parent.as_ref().is_some_and(of_parent) {
            return Err("parent.arguments: {parent} cannot be its own".to_owned());
        }
        let names_id = |call: &Call| placeholders::names(&json!([call.arguments, call.has]), "id");
        let writes = [("write", &self.write), ("parent", &self.parent)];
        for (name, write) in writes.into_iter().filter_map(|(name, it)| Some((name, it.as_ref()?)))
        {
            if !placeholders::names(&json!(write.arguments), "text") {
                return Err(format!(
                    "{name}.arguments: none of them has {{text}}, by which it is found again"
                ));
            }
            if write.id.is_none() && names_id(&write.read_back) {
                return Err(format!(
                    "{name}.id: {name}.read_back has {{id}}, so give the pointer to the id"
                ));
            }
        }
        Ok(())
    }

    /// The part that is missing, of those that a case needs.
    pub(crate) fn lacks(&self, parts: &[Part]) -> Option<Part> {
        let has = |part: &Part| match part {
            Part::Pages => !self.pages.paths.is_empty(),
            Part::RootMetadata => self.metadata.at.contains(&Place::Root),
            Part::SuffixMetadata => self.metadata.at.contains(&Place::Suffix),
            Part::Read => self.read.is_some(),
            Part::Details => self.details.is_some(),
            Part::Write => self.write.is_some(),
            Part::Parent => self.parent.is_some(),
        };
        parts.iter().copied().find(|part| !has(part))
    }
}

impl Call {
    /// Whether it cannot be made without the id of what was written.
    pub(crate) fn needs_id(&self) -> bool {
        placeholders::names(&json!(self.arguments), "id")
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '#', ' '])
}

#[cfg(test)]
mod tests {
    use super::Profile;
    use crate::Part;

    #[test]
    fn the_built_in_profile_describes_everything() {
        let profile = Profile::built_in();
        let parts = [
            Part::Pages,
            Part::RootMetadata,
            Part::SuffixMetadata,
            Part::Read,
            Part::Details,
            Part::Write,
            Part::Parent,
        ];
        assert_eq!(profile.lacks(&parts), None);
        assert_eq!(profile.mcp.tools.len(), 4);
    }

    #[test]
    fn an_empty_profile_has_an_endpoint_and_no_more() {
        let profile: Profile = "".parse().unwrap();
        assert_eq!(profile.mcp.paths, ["/mcp"]);
        assert_eq!(profile.lacks(&[Part::RootMetadata, Part::Read]), Some(Part::Read));
        assert_eq!(profile.lacks(&[]), None);
    }

    #[test]
    fn an_error_names_the_key_and_the_known_ones() {
        let wrong = |text: &str| text.parse::<Profile>().unwrap_err().to_string();
        let unknown = wrong("[mcp]\npaths = [\"/mcp\"]\nsession = true\n");
        for part in ["line 3", "`session`", "`sessions`", "`paths`", "`eras`"] {
            assert!(unknown.contains(part), "{part}: {unknown}");
        }
        for (text, named) in [
            ("[mcp]\npaths = []", "mcp.paths"),
            ("[mcp]\neras = []", "mcp.eras"),
            ("[mcp]\neras = [\"2024-11-05\"]", "2026-07-28"),
            ("[pages]\npaths = [\"//x\"]", "pages.paths"),
            ("[metadata]\nat = [\"top\"]", "`suffix`"),
            ("[details]\ntool = \"x\"", "read.items"),
            ("[read]\narguments = {}", "`tool`"),
            ("[write]\ntool = \"x\"\narguments = {}\n[write.read_back]\ntool = \"y\"", "{text}"),
            (
                "[write]\ntool = \"x\"\narguments = { a = \"{text}\" }\n[write.read_back]\ntool = \"y\"\narguments = { a = \"{id}\" }",
                "write.id",
            ),
            (
                "[write]\ntool = \"x\"\narguments = { a = \"{text}{parent}\" }\n[write.read_back]\ntool = \"y\"",
                "[parent]",
            ),
            ("nonsense", "line 1"),
        ] {
            assert!(wrong(text).contains(named), "{text}: {}", wrong(text));
        }
    }
}
