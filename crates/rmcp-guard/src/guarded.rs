//! The guard around a handler: what is set, and what it means.

mod handler;
mod run;
mod serve;
mod tools;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use http::Extensions;
use rmcp::model::Tool;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::serve::GuardedService;
use crate::{
    kept_lists::DependOn,
    origins::AllowedOrigins,
    report::{Failure, Report},
    tool_catalog::ToolCatalog,
    transport::TransportLayer,
};

/// The hosts of the machine itself: always allowed. Never empty, since rmcp takes an empty list for "any host".
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Decides whether a caller sees an item.
type Visible = dyn Fn(&Extensions, Item<'_>) -> bool + Send + Sync;
/// Words a failure.
type Explain = dyn Fn(&Failure) -> Report + Send + Sync;

/// An item of a list, for [`Guarded::visible`] to decide on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A tool.
    Tool(&'a Tool),
    /// The prompt of this name.
    Prompt(&'a str),
    /// The resource at this URI.
    Resource(&'a str),
    /// The resource template with this URI template.
    ResourceTemplate(&'a str),
}

/// A guard around an rmcp handler. It is a handler itself, and serves over HTTP and stdio.
///
/// ```no_run
/// use rmcp_guard::Guarded;
///
/// #[derive(Clone)]
/// struct Books; // any handler of yours
/// impl rmcp::ServerHandler for Books {}
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     let app = Guarded::new(Books).allowed_hosts(["books.example.com"]).router(&["/mcp"]);
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
///     axum::serve(listener, app).await
/// }
/// ```
pub struct Guarded<H> {
    handler: Arc<H>,
    catalog: ToolCatalog,
    call_timeout: Duration,
    write_grace: Duration,
    tasks: TaskTracker,
    visible: Option<Arc<Visible>>,
    lists_depend_on: Option<Arc<DependOn>>,
    explain: Arc<Explain>,
    reads_own_arguments: BTreeSet<String>,
    max_request_bytes: usize,
    max_response_bytes: usize,
    allowed_hosts: Vec<String>,
    allowed_origins: AllowedOrigins,
    transport: TransportLayer,
    cancellation_token: CancellationToken,
}

impl<H> Guarded<H> {
    /// A guard with safe defaults: loopback only, requests up to 64 KiB, responses up to 256 KiB, calls up to 30 seconds.
    pub fn new(handler: H) -> Self {
        Self {
            handler: Arc::new(handler),
            catalog: ToolCatalog::default(),
            call_timeout: Duration::from_secs(30),
            write_grace: Duration::from_secs(60),
            tasks: TaskTracker::new(),
            visible: None,
            lists_depend_on: None,
            explain: Arc::new(|failure| failure.into()),
            reads_own_arguments: BTreeSet::new(),
            max_request_bytes: 64 * 1024,
            max_response_bytes: 256 * 1024,
            allowed_hosts: LOOPBACK_HOSTS.map(str::to_owned).into(),
            allowed_origins: AllowedOrigins::loopback(),
            transport: TransportLayer::new()
                .settings_named("Guarded::allowed_hosts", "Guarded::allowed_origins")
                .response_setting_named("Guarded::max_response_bytes"),
            cancellation_token: CancellationToken::new(),
        }
    }

    /// Replaces the handler, and keeps the settings.
    pub fn with_handler<G>(self, handler: G) -> Guarded<G> {
        Guarded {
            handler: Arc::new(handler),
            catalog: ToolCatalog::default(),
            call_timeout: self.call_timeout,
            write_grace: self.write_grace,
            tasks: self.tasks,
            visible: self.visible,
            lists_depend_on: self.lists_depend_on,
            explain: self.explain,
            reads_own_arguments: self.reads_own_arguments,
            max_request_bytes: self.max_request_bytes,
            max_response_bytes: self.max_response_bytes,
            allowed_hosts: self.allowed_hosts,
            allowed_origins: self.allowed_origins,
            transport: self.transport,
            cancellation_token: self.cancellation_token,
        }
    }

    /// Sets the time limit of each request: 30 seconds by default. Then the caller gets the error `timeout`. The call is dropped,
    /// unless it writes: see [`Self::write_grace`]. `subscriptions/listen` has no limit.
    #[must_use]
    pub fn call_timeout(self, limit: Duration) -> Self {
        Self { call_timeout: limit, ..self }
    }

    /// Sets for how long a call that writes may continue after [`Self::call_timeout`]: one minute by default.
    ///
    /// A tool whose annotations say `readOnlyHint: false` writes. Its calls run to their end in tasks of their own, whether or not
    /// the caller waits for the response. All other calls are dropped when the caller disconnects or cancels.
    #[must_use]
    pub fn write_grace(self, limit: Duration) -> Self {
        Self { write_grace: limit, ..self }
    }

    /// Sets the tracker in which the calls that write are spawned, so that the host application can wait for them before it ends.
    #[must_use]
    pub fn tasks(self, tasks: TaskTracker) -> Self {
        Self { tasks, ..self }
    }

    /// Shows each caller only the items for which this returns `true`. The extensions are those of the HTTP request, where your
    /// authentication put the caller; over stdio they are empty. A hidden item that is called is answered as an unknown one. A panic
    /// fails the request.
    ///
    /// ```
    /// # #[derive(Clone)]
    /// # struct Books;
    /// # impl rmcp::ServerHandler for Books {}
    /// use rmcp_guard::{Guarded, Item};
    ///
    /// #[derive(Clone)]
    /// struct Librarian;
    ///
    /// let guarded = Guarded::new(Books).visible(|extensions, item| match item {
    ///     Item::Tool(tool) => tool.name != "add_book" || extensions.get::<Librarian>().is_some(),
    ///     _ => true,
    /// });
    /// # drop(guarded);
    /// ```
    #[must_use]
    pub fn visible(
        self,
        visible: impl Fn(&Extensions, Item<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { visible: Some(Arc::new(visible)), ..self }
    }

    /// Promises that the lists of tools, prompts and resource templates depend on this value and on the message alone, without its id:
    /// neither on the time nor on what is stored, nor on the path or a header. Over HTTP a list is then made once for each value and
    /// message, and sent again without the handler; the 64 last used are kept. Where [`Self::visible`] distinguishes callers, so must
    /// the value. What the handler tells its host by [`tell_host`](crate::tell_host) for a list is told once.
    ///
    /// The extensions are those of the HTTP request. What may change meanwhile can be left there for the handler, so that the list is
    /// made for the same value. After a panic the handler is asked.
    ///
    /// ```
    /// # #[derive(Clone)]
    /// # struct Books;
    /// # impl rmcp::ServerHandler for Books {}
    /// use rmcp_guard::{Guarded, Item};
    ///
    /// #[derive(Clone)]
    /// struct Librarian;
    ///
    /// let guarded = Guarded::new(Books)
    ///     .visible(|extensions, item| match item {
    ///         Item::Tool(tool) => tool.name != "add_book" || extensions.get::<Librarian>().is_some(),
    ///         _ => true,
    ///     })
    ///     .lists_depend_on(|extensions| extensions.get::<Librarian>().is_some().into());
    /// # drop(guarded);
    /// ```
    #[must_use]
    pub fn lists_depend_on(
        self,
        value: impl Fn(&mut Extensions) -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self { lists_depend_on: Some(Arc::new(value)), ..self }
    }

    /// Words the failures that the guard finds itself, for example to name a next step of your domain. The default is
    /// [`Report::from`].
    #[must_use]
    pub fn explain(self, explain: impl Fn(&Failure) -> Report + Send + Sync + 'static) -> Self {
        Self { explain: Arc::new(explain), ..self }
    }

    /// Passes arguments to these tools as they came: the tools check them. All other tools get arguments that fit their input schema.
    #[must_use]
    pub fn reads_own_arguments(
        mut self,
        tools: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.reads_own_arguments.extend(tools.into_iter().map(Into::into));
        self
    }

    /// Sets the maximum size of a request, in bytes: 64 KiB by default. A larger one is rejected with 413.
    #[must_use]
    pub fn max_request_bytes(self, bytes: usize) -> Self {
        let transport = self.transport.max_request_bytes(bytes);
        Self { transport, max_request_bytes: bytes, ..self }
    }

    /// Sets the maximum size of a response, in bytes: 256 KiB by default. A larger one becomes the error `too_large`.
    #[must_use]
    pub fn max_response_bytes(self, bytes: usize) -> Self {
        let transport = self.transport.max_response_bytes(bytes);
        Self { transport, max_response_bytes: bytes, ..self }
    }

    /// Sets the time in which the body of an HTTP request must arrive: 10 seconds by default. Then the response is 408.
    #[must_use]
    pub fn body_timeout(self, limit: Duration) -> Self {
        Self { transport: self.transport.body_timeout(limit), ..self }
    }

    /// Allows requests to these hosts besides loopback: `example.com` on any port, `example.com:8443` on one. Behind a proxy, name
    /// the host that clients write in their address. The check guards servers on a local machine against DNS rebinding.
    #[must_use]
    pub fn allowed_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed_hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Allows pages of these origins, besides those of loopback, to call from a browser: see [`AllowedOrigins::allow`]. Clients that
    /// are no browser send no `Origin` and are always allowed.
    #[must_use]
    pub fn allowed_origins(mut self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for origin in origins {
            self.allowed_origins.allow(&origin.into());
        }
        self
    }

    /// Sets your names of the settings behind [`Self::allowed_hosts`], [`Self::allowed_origins`] and [`Self::max_response_bytes`]:
    /// the log names them when a request is refused or a response withheld.
    #[must_use]
    pub fn settings_named(
        self,
        hosts: &'static str,
        origins: &'static str,
        max_response_bytes: &'static str,
    ) -> Self {
        let transport = self.transport.settings_named(hosts, origins);
        Self { transport: transport.response_setting_named(max_response_bytes), ..self }
    }

    /// Ends the service when the token is cancelled: calls that still run are answered with 500. Cancel it after the host
    /// application has drained its connections.
    #[must_use]
    pub fn cancellation_token(self, token: CancellationToken) -> Self {
        Self { cancellation_token: token, ..self }
    }
}
