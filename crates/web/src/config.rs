//! The limits of the pages, each with its default.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::task::TaskTracker;

/// What a service may set. Start from the default, and change fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebConfig {
    /// The largest request body, in bytes; a larger one is answered by 413, at once where its size is announced. Default: 64 KiB.
    pub body_limit: usize,
    /// How long a request may take, its body included; then it is answered by 408 if its body is still on the way, else by 503. Default: 10 s.
    pub request_timeout: Duration,
    /// How long the store may take to answer a readiness check. Default: 2 s.
    pub ready_timeout: Duration,
    /// Origins that may send forms although they differ from the `Host` of the request, because a proxy rewrites it.
    /// Each as a browser sends it: `https://reviews.example`, no default port, no slash at the end. Default: none.
    pub trusted_origins: Vec<String>,
    /// Counts the forms that are being written, so that a service can wait for them before it ends. A form that was sent
    /// is written in a task of its own, whether or not its sender waits for the answer. Default: a tracker that only the
    /// router knows.
    pub tasks: TaskTracker,
    /// Whether the service grants no caller the permission to write, which the pages then say. Default: no.
    pub read_only: bool,
    /// The app roles of the permissions, which a page names to a user who lacks one. Default: none.
    pub roles: RoleNames,
    /// The path on this site where users sign in at a browser, up to the path of the page that they then see. Default: none,
    /// and no link to it.
    pub sign_in_path: Option<String>,
    /// What the page about connecting an agent says.
    pub connection: Connection,
    /// The path on this site where a signed-in user signs out. Default: none, and no link to it.
    pub sign_out_path: Option<String>,
    /// For how long authors may undo what they posted. Default: 10 minutes; zero: never.
    pub undo_within: TimeDelta,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            body_limit: 64 * 1024,
            request_timeout: Duration::from_secs(10),
            ready_timeout: Duration::from_secs(2),
            trusted_origins: Vec::new(),
            tasks: TaskTracker::new(),
            read_only: false,
            roles: RoleNames::default(),
            sign_in_path: None,
            connection: Connection::default(),
            sign_out_path: None,
            undo_within: TimeDelta::minutes(10),
        }
    }
}

/// The app role of each permission; `None` where it needs none.
#[derive(Debug, Clone, Default)]
pub struct RoleNames {
    /// To read.
    pub read: Option<String>,
    /// To write.
    pub write: Option<String>,
    /// To hide and restore what others wrote.
    pub moderate: Option<String>,
}

/// How agents connect to the MCP server beside the pages.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The address of the endpoint. Without it, the page names the path `/mcp` of its own origin.
    pub address: Option<String>,
    /// The name and the description of each tool.
    pub tools: Vec<(String, String)>,
    /// The app role that a program needs, where callers are authenticated.
    pub role: Option<String>,
    /// The scope that a client for a user needs, where callers are authenticated.
    pub scope: Option<String>,
}
