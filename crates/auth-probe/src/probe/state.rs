//! Whether the app lets callers without a token in.

use std::{fmt, time::Instant};

use serde_json::{Value, json};

use super::{PAUSE, Session};
use crate::{http_client::Request, mcp};

/// How many looks in a row have to show the same.
const STEADY: u32 = 4;

/// Whether the app lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Shut,
    Unclear(String),
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => formatter.write_str("open to everybody"),
            Self::Shut => formatter.write_str("shut"),
            Self::Unclear(got) => write!(formatter, "neither open nor shut ({got})"),
        }
    }
}

impl Session<'_> {
    /// Whether a caller without a token is let in. One open request among shut ones is a fault of the app, and not an app
    /// without authentication.
    pub(super) async fn state(&self) -> State {
        let first = self.state_of("initialize", &mcp::initialize()).await;
        // A tool that the app need not have: it runs nothing, and says by its error that the caller was let in.
        let call = json!({"name": "search", "arguments": {}});
        for (method, params) in [("tools/list", json!({})), ("tools/call", call)] {
            let state = match &first {
                State::Unclear(_) => break,
                State::Open | State::Shut => self.state_of(method, &params).await,
            };
            match state {
                state if state == first => {}
                // An open app may want a session.
                State::Unclear(_) if first == State::Open => {}
                state => {
                    return State::Unclear(format!(
                        "to a caller without a token, initialize is {first} and {method} is {state}"
                    ));
                }
            }
        }
        first
    }

    /// Whether a request without a token is let in.
    async fn state_of(&self, method: &str, params: &Value) -> State {
        let url = self.probe.target.mcp.clone();
        let request = Request::message(url, &mcp::request(method, params), String::new());
        let answer = tokio::time::timeout(self.probe.timeout, self.run.http.send(&request)).await;
        match answer {
            Err(_) => State::Unclear("no answer in time".to_owned()),
            Ok(Err(no_answer)) => State::Unclear(no_answer.reason().to_owned()),
            Ok(Ok(answer)) => match mcp::response(&answer) {
                Ok(response) if method == "tools/call" || response.get("result").is_some() => {
                    State::Open
                }
                _ if answer.status == 401 => State::Shut,
                // Not even 403, which may be about the request and not about the caller.
                _ => State::Unclear(answer.summary()),
            },
        }
    }

    /// Waits until the app is open, or shut, and stays so for some looks: it may be restarting in several places.
    pub(super) async fn until(&self, wanted: &State) -> Result<(), String> {
        let deadline = Instant::now() + self.probe.patience;
        let mut looks = 0;
        while looks < STEADY {
            let state = self.state().await;
            looks = if state == *wanted { looks + 1 } else { 0 };
            if looks == 0 && Instant::now() > deadline {
                let (state, patience) = (self.shown(&state.to_string()), self.probe.patience);
                return Err(format!("the app is {state} after {patience:?}, not {wanted}"));
            }
            tokio::time::sleep(PAUSE).await; // tidy: polls another machine, with a deadline
        }
        Ok(())
    }
}
