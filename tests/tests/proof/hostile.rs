//! Answers that are made to deceive whoever reads the report, or the proof itself.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use auth_probe::{Case, Verdict};
use axum::http::{StatusCode, header::AUTHORIZATION};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use easyauth_emulator::{Directory, Emulator, Options};
use restaurant_tests::app_service::{AppService, probe};
use serde_json::json;

use crate::{ids, run, stub::Stub};

/// What moves a terminal's cursor, by one byte or by two, and what turns the direction of text.
const SIGNS: &str = "\u{1b}[2J\u{9b}1;1H\u{202e}\u{7}";

#[tokio::test]
async fn an_answer_does_not_command_the_terminal() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let stub = Stub::start(|_| {
        let tools = json!([{"name": SIGNS}]);
        let content = json!([{"type": "text", "text": SIGNS}]);
        let result = json!({
            "serverInfo": {"name": SIGNS}, "protocolVersion": SIGNS, "capabilities": {},
            "tools": tools, "isError": true, "content": content,
        });
        Json(json!({"jsonrpc": "2.0", "id": 1, "result": result})).into_response()
    });
    let stub = stub.await;
    let mut probe = probe(emulator.cloud(), &stub.origin).unwrap();
    probe.cases.retain(|case| ["A3", "A4", "A5", "B2", "B3"].contains(&case.id));
    let report = run(&probe).await;
    assert_eq!(ids(&report, Verdict::Passed), ["A3"]);
    for text in [report.to_table(200, false), report.to_markdown()] {
        let sign = text.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
        assert_eq!(sign, None, "{text:?}");
    }
}

#[tokio::test]
async fn a_token_that_comes_back_later_is_not_shown() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let last = Mutex::new(String::new());
    let stub = Stub::start(move |request| {
        let mut last = last.lock().unwrap();
        if let Some(token) = request.headers().get(AUTHORIZATION) {
            token.to_str().unwrap().clone_into(&mut last);
        }
        let body = format!("{last} {}", "x".repeat(1000));
        (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
    });
    let stub = stub.await;
    let mut probe = probe(emulator.cloud(), &stub.origin).unwrap();
    probe.cases = ["B6", "A1"].into_iter().filter_map(Case::by_id).collect();
    let report = run(&probe).await;
    let cause = report.cases[0].cause.as_deref().unwrap();
    assert!(cause.contains("Bearer [redacted]"), "{cause}");
    assert!(!report.to_json().contains("eyJ"), "{}", report.to_json());
    assert!(cause.len() < 500, "{}", cause.len());
}

/// An app of which it cannot be told whether it is shut is not switched, and one that was is not believed to be shut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_401_tells_that_an_app_is_shut() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let answers: [fn() -> Response; 5] = [
        || Html("<form>Sign in</form>").into_response(),
        || Json(json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 1}})).into_response(),
        || Redirect::to("/elsewhere").into_response(),
        || StatusCode::BAD_REQUEST.into_response(),
        || StatusCode::FORBIDDEN.into_response(),
    ];
    for answer in answers {
        let stub = Stub::start(move |_| answer()).await;
        let mut probe = app.probe().unwrap();
        probe.target = app.probe_at(&stub.origin).unwrap().target;
        probe.cases.retain(|case| case.id == "A1");
        probe.patience = std::time::Duration::from_secs(1);
        let report = run(&probe).await;
        assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:?}");
        assert_eq!(app.site().restarts, 0);
    }
}

/// A client that is let in, and told 401 only later or by words alone, was let in.
#[tokio::test]
async fn a_client_that_came_in_was_not_refused() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let begun = || {
        let server = json!({"name": "x", "version": "1"});
        let result = json!({
            "serverInfo": server, "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
        });
        Json(json!({"jsonrpc": "2.0", "id": 0, "result": result})).into_response()
    };
    let requests = AtomicU32::new(0);
    let late = Stub::start(move |request| match requests.fetch_add(1, Ordering::SeqCst) {
        _ if request.method() == "GET" => {
            requests.fetch_sub(1, Ordering::SeqCst);
            StatusCode::METHOD_NOT_ALLOWED.into_response()
        }
        0 => begun(),
        1 => StatusCode::ACCEPTED.into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    });
    let words = Stub::start(|_| {
        let error = json!({"code": -32000, "message": "HTTP 401, Auth required"});
        Json(json!({"jsonrpc": "2.0", "id": 0, "error": error})).into_response()
    });
    for stub in [late.await, words.await] {
        let mut probe = probe(emulator.cloud(), &stub.origin).unwrap();
        probe.cases.retain(|case| case.id == "C3");
        let report = run(&probe).await;
        assert_eq!(ids(&report, Verdict::Failed), ["C3"], "{report:#?}");
        let got = report.cases[0].got.as_deref().unwrap();
        assert!(got.contains("came in"), "{got}");
    }
}
