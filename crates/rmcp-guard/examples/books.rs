//! A library of books: plain rmcp, served behind the guard at `/mcp`, or over stdio with `--stdio`.
//!
//! ```sh
//! cargo run -p rmcp-guard --example books
//! ```
//!
//! Its tools are careless on purpose: one panics, one may wait forever, one returns as much as it is asked for.

use std::{future, io, sync::Arc, time::Duration};

use rmcp::{handler::server::wrapper::Parameters, schemars, tool, tool_router};
use rmcp_guard::Guarded;
use schemars::JsonSchema;
use serde::Deserialize;

const BOOKS: [&str; 3] = ["Middlemarch", "Persuasion", "Villette"];

#[derive(Default)]
struct Library {
    queue: Arc<()>,
}

#[derive(Deserialize, JsonSchema)]
struct Number {
    /// The number of a book, from 0.
    #[schemars(range(max = 1000))]
    number: u16,
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// A part of the title.
    #[schemars(length(min = 1, max = 40))]
    title: Option<String>,
    /// How often each title is listed: once if left out.
    copies: Option<u32>,
}

#[tool_router(server_handler)]
impl Library {
    /// Lists the titles that contain a text.
    #[tool]
    async fn list_books(&self, Parameters(search): Parameters<Search>) -> String {
        let (title, copies) = (search.title.unwrap_or_default(), search.copies.unwrap_or(1));
        let found = BOOKS.iter().filter(|book| book.contains(&title));
        found.map(|book| format!("{book}\n").repeat(copies as usize)).collect()
    }

    /// Returns the title of a book.
    #[tool]
    async fn get_book(&self, Parameters(Number { number }): Parameters<Number>) -> String {
        BOOKS[usize::from(number)].to_owned()
    }

    /// Waits until a book is returned.
    #[tool]
    async fn await_book(&self, Parameters(_book): Parameters<Number>) -> String {
        let _place = Arc::clone(&self.queue);
        future::pending().await
    }

    /// Returns how many callers wait for a book.
    #[tool]
    async fn count_waiting(&self) -> String {
        (Arc::strong_count(&self.queue) - 1).to_string()
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let library = Guarded::new(Library::default()).call_timeout(Duration::from_secs(5));
    if std::env::args().any(|argument| argument == "--stdio") {
        return library.serve_stdio(tokio::io::stdin(), tokio::io::stdout()).await;
    }
    let address = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("Pages  http://{}/", listener.local_addr()?);
    axum::serve(listener, library.router(&["/mcp"])).await
}
