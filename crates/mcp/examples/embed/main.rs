//! A city guide that lets agents in: its own axum application, its own users, its own store (`store.rs`).
//!
//! ```sh
//! EDITOR_TOKEN=… READER_TOKEN=… cargo run -p restaurant-mcp --example embed
//! ```
//!
//! It listens on a free port, or on `BIND`, and says where.

mod store;

use std::{collections::HashMap, env, io, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use restaurant_domain::{Actor, Author, Permissions};
use restaurant_mcp::{CancellationToken, McpAdapter, Operation};
use tokio::net::TcpListener;

use crate::store::GuideStore;

/// Somebody whom the guide knows.
#[derive(Clone)]
struct User {
    name: &'static str,
    permissions: Permissions,
}

/// The guide's users by their tokens. A guide of the real world would ask its identity provider.
type Users = Arc<HashMap<String, User>>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let users = Arc::new(HashMap::from([
        token("EDITOR_TOKEN", User { name: "editor", permissions: Permissions::ALL })?,
        token("READER_TOKEN", User { name: "reader", permissions: Permissions::READ })?,
    ]));
    let store = Arc::new(GuideStore::default());
    let ended = CancellationToken::new();
    let mcp = McpAdapter::new(store.clone())
        .server_info("city-guide", "City guide", "1.0.0")
        // The user that `authenticate` found is the caller.
        .actor_from(|extensions| {
            let User { name, permissions } = extensions.get()?;
            Some(Actor::new(Author::person(name, Some(name)), *permissions))
        })
        // Restaurants are the guide's own; agents may review them.
        .permission_policy(|_, operation| operation != Operation::CreateRestaurant)
        .cancellation_token(ended.clone())
        .router(&["/agents"])
        .layer(middleware::from_fn_with_state(users, authenticate));
    let app = Router::new().route("/", get(front_page)).with_state(store).merge(mcp);

    let address = env::var("BIND").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("Pages  http://{}/", listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(stopped()).await?;
    // Every request is answered: what is left of the adapter may go.
    ended.cancel();
    Ok(())
}

/// A user with the token that a variable holds.
fn token(variable: &str, user: User) -> io::Result<(String, User)> {
    let token = env::var(variable).ok().filter(|token| !token.is_empty());
    let token =
        token.ok_or_else(|| io::Error::other(format!("{variable} is not set: choose a token")))?;
    Ok((token, user))
}

/// Lets users pass, and puts them into the request's extensions.
async fn authenticate(State(users): State<Users>, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    let Some(user) = token.and_then(|token| users.get(token)) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    request.extensions_mut().insert(user.clone());
    next.run(request).await
}

async fn front_page(State(store): State<Arc<GuideStore>>) -> String {
    format!("The guide knows {} restaurants.\n", store.count())
}

async fn stopped() {
    // Without a way to be told, it serves until it is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
