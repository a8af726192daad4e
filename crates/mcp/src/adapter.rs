//! The adapter: what a host application sets up, and what it gets to mount.

use std::{sync::Arc, time::Duration};

use axum::http::Extensions;
use restaurant_domain::{Actor, Repository};
use rmcp::model::Implementation;
use rmcp_guard::{CancellationToken, Guarded, TaskTracker};

use crate::{
    access::Access,
    confirmation::{ConfirmWrites, Confirmation},
    identity,
    operation::Operation,
    request_error::explain,
    tools::TOOL_NAMES,
};

/// The default of [`McpAdapter::max_response_bytes`].
const MAX_RESPONSE_BYTES: usize = 256 * 1024;
/// The name of [`McpAdapter::max_response_bytes`] in the log.
const RESPONSE_SETTING: &str = "McpAdapter::max_response_bytes";
/// The least that a response may be limited to, in bytes: the list of tools fits, and so does any one restaurant with a review.
const MIN_RESPONSE_BYTES: usize = 64 * 1024;
/// An MCP server over a [`Repository`], to be mounted in an axum application.
///
/// The caller is the [`Actor`] in the HTTP request's extensions, which a layer of the host application inserts.
/// Without one the caller may do nothing, unless [`Self::default_actor`] says otherwise.
pub struct McpAdapter {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) server_info: Implementation,
    pub(crate) instructions: String,
    pub(crate) max_response_bytes: usize,
    /// The settings of the guard, without a handler yet.
    pub(crate) guard: Guarded<()>,
    pub(crate) access: Access,
    pub(crate) confirmation: Confirmation,
}

impl McpAdapter {
    /// An adapter with safe defaults: loopback only, requests up to 64 KiB, answers up to 256 KiB, calls up to 30 seconds, no caller known.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn new(repository: Arc<dyn Repository>) -> Self {
        Self {
            repository,
            server_info: identity::server_info(),
            instructions: identity::INSTRUCTIONS.to_owned(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            guard: Guarded::new(())
                .max_response_bytes(MAX_RESPONSE_BYTES)
                .explain(explain)
                .reads_own_arguments(TOOL_NAMES)
                .settings_named(
                    "McpAdapter::allowed_hosts",
                    "McpAdapter::allowed_origins",
                    RESPONSE_SETTING,
                ),
            access: Access::default(),
            confirmation: Confirmation::default(),
        }
    }

    /// Allows requests to these public hosts too: `example.com` on any port, `example.com:8443` on one.
    /// The loopback hosts are always allowed. Behind a proxy, name the host that clients write in their address.
    ///
    /// The check guards servers on a local machine against pages that rebind a name to it (DNS rebinding).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.allowed_hosts(["reviews.example.com"]);
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn allowed_hosts(self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { guard: self.guard.allowed_hosts(hosts), ..self }
    }

    /// Allows pages of these origins to call from a browser: `https://example.com` on the scheme's own port, `https://example.com:8443`
    /// on one, `https://example.com:*` on any. An origin of another scheme, such as `chrome-extension://abcdef`, is compared as a whole.
    /// Pages from loopback are always allowed, and so are clients that are no browser, since they send no `Origin`.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.allowed_origins(["https://inspector.example.com"]);
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn allowed_origins(self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { guard: self.guard.allowed_origins(origins), ..self }
    }

    /// Sets the maximum size of a request, in bytes: 64 KiB by default. A larger one is rejected with 413.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.max_request_bytes(16 * 1024);
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn max_request_bytes(self, bytes: usize) -> Self {
        Self { guard: self.guard.max_request_bytes(bytes), ..self }
    }

    /// Sets the time in which the body of a request must arrive: 10 seconds by default. Then the response is 408.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Duration};
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.body_timeout(Duration::from_secs(2));
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn body_timeout(self, limit: Duration) -> Self {
        Self { guard: self.guard.body_timeout(limit), ..self }
    }

    /// Sets your names of the settings behind [`Self::allowed_hosts`] and [`Self::allowed_origins`]: the log names them
    /// when a request is refused.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.settings_named("GUIDE_HOSTS", "GUIDE_ORIGINS");
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn settings_named(self, hosts: &'static str, origins: &'static str) -> Self {
        Self { guard: self.guard.settings_named(hosts, origins, RESPONSE_SETTING), ..self }
    }

    /// Sets the time limit of a tool call: 30 seconds by default. Then the call is dropped, and the caller may try again.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Duration};
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.call_timeout(Duration::from_secs(5));
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn call_timeout(self, limit: Duration) -> Self {
        Self { guard: self.guard.call_timeout(limit), ..self }
    }

    /// Counts the calls that write, so that the host application can wait for them before it ends. Such a call runs to its
    /// end in a task of its own, whether or not its caller waits for the answer; `tasks` is where these tasks are spawned.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// use restaurant_mcp::TaskTracker;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let tasks = TaskTracker::new();
    /// let app = adapter.tasks(tasks.clone()).router(&["/mcp"]);
    /// # drop(app);
    /// // serve, drain the connections, and then:
    /// tasks.close();
    /// tasks.wait().await;
    /// # }
    /// ```
    #[must_use]
    pub fn tasks(self, tasks: TaskTracker) -> Self {
        Self { guard: self.guard.tasks(tasks), ..self }
    }

    /// Ends the service when the token is cancelled: calls that still run are answered with 500. Cancel it after the
    /// host application has drained its connections, not before.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::{CancellationToken, McpAdapter};
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let token = CancellationToken::new();
    /// let adapter = adapter.cancellation_token(token.clone());
    /// # drop(adapter);
    /// // Serve, drain, and at last:
    /// token.cancel();
    /// ```
    #[must_use]
    pub fn cancellation_token(self, token: CancellationToken) -> Self {
        Self { guard: self.guard.cancellation_token(token), ..self }
    }

    /// Sets the maximum size of a response, in bytes: 256 KiB by default, at least 64 KiB. A page is cut to fit; the next one continues it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.max_response_bytes(100 * 1024);
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn max_response_bytes(self, bytes: usize) -> Self {
        let bytes = bytes.max(MIN_RESPONSE_BYTES);
        Self { guard: self.guard.max_response_bytes(bytes), max_response_bytes: bytes, ..self }
    }

    /// Sets how to find the caller in a request's extensions, where the host application's authentication put it. Without
    /// this, the extensions are searched for an [`Actor`]. `None` means that there is no caller: see [`Self::default_actor`]. After a panic in it the caller may do nothing.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// use restaurant_domain::{Actor, Author, Permissions};
    ///
    /// #[derive(Clone)]
    /// struct User {
    ///     id: String,
    ///     is_editor: bool,
    /// }
    ///
    /// let adapter = adapter.actor_from(|extensions| {
    ///     let user = extensions.get::<User>()?;
    ///     let permissions = if user.is_editor { Permissions::ALL } else { Permissions::READ };
    ///     Some(Actor::new(Author::person(&user.id, None), permissions))
    /// });
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn actor_from(
        mut self,
        find: impl Fn(&Extensions) -> Option<Actor> + Send + Sync + 'static,
    ) -> Self {
        self.access.actor_from = Arc::new(find);
        self
    }

    /// The actor of requests without an [`Actor`] in their extensions. Without this, such a request has no permissions.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// use restaurant_domain::{Actor, Author, Permissions};
    ///
    /// let adapter = adapter.default_actor(Actor::new(Author::anonymous(), Permissions::READ));
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn default_actor(mut self, actor: Actor) -> Self {
        self.access.default_actor = Some(actor);
        self
    }

    /// A further rule for permissions: checked after the [`Actor`]'s own permissions, which it can narrow but not widen.
    /// An operation that it denies is neither listed nor executed; a panic in it denies.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// use restaurant_domain::AuthorKind;
    /// use restaurant_mcp::Operation;
    ///
    /// // Agents may review restaurants; only people add them.
    /// let adapter = adapter.permission_policy(|actor, operation| {
    ///     operation != Operation::CreateRestaurant || actor.author().kind() == AuthorKind::Person
    /// });
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn permission_policy(
        mut self,
        policy: impl Fn(&Actor, Operation) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.access.policy = Some(Arc::new(policy));
        self
    }

    /// Has a person confirm writes first, where the client declares that it can ask one (elicitation): none by default. A client
    /// of 2026-07-28 gets the question as a result, and repeats the call with the answer; an older one gets it as a request, over
    /// a pair of streams only. Other clients write without: see [`Self::require_confirmation`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::{ConfirmWrites, McpAdapter};
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.confirm_writes(ConfirmWrites::Agents);
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn confirm_writes(mut self, writes: ConfirmWrites) -> Self {
        self.confirmation.writes = writes;
        self
    }

    /// Refuses the writes of [`Self::confirm_writes`] where the client cannot ask a person.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::{ConfirmWrites, McpAdapter};
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.confirm_writes(ConfirmWrites::Always).require_confirmation();
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn require_confirmation(mut self) -> Self {
        self.confirmation.is_required = true;
        self
    }

    /// Rejects every write, whatever the caller's permissions.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let adapter = adapter.read_only();
    /// # drop(adapter);
    /// ```
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.access.read_only = true;
        self
    }
}
