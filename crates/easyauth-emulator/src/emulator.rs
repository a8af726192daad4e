//! The emulated cloud as a server: issuer, Graph and ARM at one origin.

use std::{io, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use tokio::net::TcpListener;

#[cfg(doc)]
use crate::ListenerOptions;
use crate::{AccessOptions, Cloud, Directory, Options, arm, forge, graph, issuer};

/// A running emulator; it ends when this value is dropped.
#[derive(Debug)]
pub struct Emulator {
    cloud: Cloud,
    task: tokio::task::JoinHandle<()>,
}

impl Emulator {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(directory: Directory, options: Options) -> io::Result<Self> {
        Self::serve(TcpListener::bind("127.0.0.1:0").await?, directory, options)
    }

    /// Starts on a listener.
    ///
    /// # Errors
    /// When its address is not loopback and other machines are not allowed, or it has no origin ([`ListenerOptions`]).
    pub fn serve(
        listener: TcpListener,
        directory: Directory,
        options: Options,
    ) -> io::Result<Self> {
        let reached = options.listener.clone();
        let origin = reached.origin(listener.local_addr()?, reached.cloud_origin.as_deref())?;
        let cloud = Cloud::new(origin, options, directory)?;
        let app = issuer::router(cloud.clone())
            .merge(graph::router(cloud.clone()))
            .merge(arm::router(cloud.clone()))
            .merge(forge::router(cloud.clone()));
        let access = Arc::new(cloud.options().access.clone().with_origin(cloud.origin()));
        let app = app.layer(middleware::from_fn_with_state(access, check));
        Ok(Self { task: reached.serve(listener, app)?, cloud })
    }

    /// The state, to look at and to change.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }
}

/// Passes a request on that is for this machine, and not from a page elsewhere.
async fn check(State(access): State<Arc<AccessOptions>>, request: Request, next: Next) -> Response {
    let refusal = access.refuse_host(&request).or_else(|| access.refuse_origin(request.headers()));
    match refusal {
        Some(refusal) => refusal,
        None => next.run(request).await,
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
