//! A service that lets a sidecar validate access tokens: the container of the Microsoft Entra SDK for Agent ID.
//!
//! ```sh
//! SIDECAR_URL=http://localhost:5000 ALLOWED_CLIENT=<GUID> cargo run -p easyauth --example sidecar
//! ```
//!
//! Source: <https://learn.microsoft.com/entra/msidweb/agent-id-sdk/endpoints>.

mod sidecar;
#[cfg(test)]
mod tests;

use std::{env, error::Error, net::Ipv4Addr, sync::Arc};

use axum::{Router, routing::get};
use easyauth::{
    AuthenticationLayer, Authenticator, Principal, ProtectedResource, Requirement, RequirementLayer,
};

use self::sidecar::Sidecar;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sidecar = Sidecar::new(&env::var("SIDECAR_URL")?, &env::var("ALLOWED_CLIENT")?)?;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    println!("{origin}");
    axum::serve(listener, app(sidecar, &origin)?).await?;
    Ok(())
}

/// The service: `/` needs an app role of an application, or a scope of a client that acts for a user.
fn app(sidecar: Sidecar, origin: &str) -> Result<Router, Box<dyn Error>> {
    let resource = Arc::new(ProtectedResource::new(origin)?);
    let requirement = Requirement::role_or_scope("Tools.Use", "user_impersonation");
    let service = Router::new()
        .route("/", get(async |caller: Principal| caller.object_id().to_owned()))
        .layer(RequirementLayer::new(requirement, Arc::clone(&resource)));
    Ok(AuthenticationLayer::new(Authenticator::new(sidecar), resource).wrap(service))
}
