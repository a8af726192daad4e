//! A bare axum handler: for each request that it knows, it runs the given SQL on PostgreSQL and sends the given bytes.
//!
//! It neither authenticates nor validates nor renders; it reads the rows and drops them. What another server needs beyond this is
//! what it does for its users. Reads a [`Script`] as JSON from the file that its one argument names, and prints its address.

use std::{env, fs, sync::Arc};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_postgres::NoTls;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the server does.
#[derive(Deserialize)]
struct Script {
    /// The URL of the database.
    database: String,
    /// How many connections it may have.
    connections: usize,
    answers: Vec<Answer>,
}

/// A request and what is done for it.
#[derive(Deserialize)]
struct Answer {
    method: String,
    path: String,
    body: String,
    /// The statements, with their values in the text.
    statements: Vec<String>,
    headers: Vec<(String, String)>,
    content: String,
}

struct Floor {
    pool: Pool,
    answers: Vec<Ready>,
}

/// An answer in the types that it is sent with.
struct Ready {
    method: Method,
    uri: Uri,
    body: Bytes,
    statements: Vec<String>,
    headers: HeaderMap,
    content: Bytes,
}

#[tokio::main]
async fn main() -> Result<()> {
    let file = env::args_os().nth(1).context("the argument is missing: a file with a script")?;
    let script: Script = serde_json::from_slice(&fs::read(file)?)?;
    // A connection is not asked whether it lives before each use: nor does the product.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(script.database.parse()?, NoTls, recycling);
    let pool = Pool::builder(manager).max_size(script.connections).build()?;
    let answers = script.answers.into_iter().map(Ready::new).collect::<Result<_>>()?;
    let app = Router::new().fallback(answer).with_state(Arc::new(Floor { pool, answers }));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("Pages http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

impl Ready {
    fn new(answer: Answer) -> Result<Self> {
        let header = |(name, value): &(String, String)| -> Result<(HeaderName, HeaderValue)> {
            Ok((name.parse()?, value.parse()?))
        };
        Ok(Self {
            method: answer.method.parse()?,
            uri: answer.path.parse()?,
            body: answer.body.into(),
            statements: answer.statements,
            headers: answer.headers.iter().map(header).collect::<Result<_>>()?,
            content: answer.content.into(),
        })
    }
}

async fn answer(
    State(floor): State<Arc<Floor>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let matches = |it: &&Ready| it.method == method && it.uri == uri && it.body == body;
    let Some(ready) = floor.answers.iter().find(matches) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match floor.run(&ready.statements).await {
        Ok(()) => (ready.headers.clone(), ready.content.clone()).into_response(),
        Err(error) => {
            eprintln!("{error:#}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Floor {
    /// Runs the statements one after the other on one connection, each prepared once for the connection.
    async fn run(&self, statements: &[String]) -> Result<()> {
        if statements.is_empty() {
            return Ok(());
        }
        let client = self.pool.get().await.context("no connection")?;
        for text in statements {
            let statement = client.prepare_cached(text).await.with_context(|| text.clone())?;
            client.query(&statement, &[]).await.with_context(|| text.clone())?;
        }
        Ok(())
    }
}
