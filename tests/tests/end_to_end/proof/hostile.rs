//! Answers that are made to deceive whoever reads the report, or the proof itself.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

use auth_probe::{Authentication, Case, Verdict};
use axum::http::{
    HeaderValue, StatusCode,
    header::{AUTHORIZATION, USER_AGENT, WWW_AUTHENTICATE},
};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth_emulator::{Directory, Emulator, Options, sample};
use restaurant_tests::app_service::{AppService, probe};
use serde_json::json;

use super::{ids, run, stub::Stub};

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

/// Gives each answer another part of the last token, each in another form.
fn piece_of(token: &str, nth: usize) -> String {
    let from = nth * 97 % token.len().max(1);
    let piece: String = token.chars().skip(from).take(210).collect();
    let each = |form: fn(char) -> String| piece.chars().map(form).collect::<String>();
    match nth % 10 {
        0 => piece,
        1 => each(|c| format!("{c} ")),
        2 => each(|c| format!("%{:02x}", u32::from(c))),
        3 => each(|c| format!("\\u{:04x}", u32::from(c))),
        4 => each(|c| format!("{:02x}", u32::from(c))),
        5 => STANDARD.encode(&piece),
        6 => each(|c| format!("&#{};", u32::from(c))),
        7 => piece.chars().rev().collect(),
        8 => piece.as_bytes().chunks(9).map(|it| String::from_utf8_lossy(it) + "+Zz+").collect(),
        _ => String::from_utf8_lossy(
            &STANDARD.decode(token.split('.').nth(1).unwrap_or_default()).unwrap_or_default(),
        )
        .into_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_comes_back_in_pieces_is_not_shown_and_turns_its_case_red() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let (tokens, requests) = (Arc::new(Mutex::new(Vec::new())), AtomicUsize::new(0));
    let kept = Arc::clone(&tokens);
    let stub = Stub::start(move |request| {
        let nth = requests.fetch_add(1, Ordering::SeqCst);
        let mut kept = kept.lock().unwrap();
        // What else is sent in this header is no token, and the report may name it.
        let sent = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        if let Some(token) = sent.and_then(|it| it.strip_prefix("Bearer ")) {
            kept.push(token.to_owned());
        }
        let piece = piece_of(kept.last().map_or("", String::as_str), nth);
        let status = [200, 401, 403, 500][nth / 10 % 4];
        let header = HeaderValue::try_from(format!("Bearer error=\"{piece}\"")).unwrap();
        let error = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": piece}});
        let status = StatusCode::from_u16(status).unwrap();
        (status, [(WWW_AUTHENTICATE, header)], Json(error)).into_response()
    });
    let stub = stub.await;
    let mut probe = probe(emulator.cloud(), &stub.origin).unwrap();
    probe.cases.retain(|case| case.authentication == Authentication::On);
    let report = run(&probe).await;
    assert!(ids(&report, Verdict::Failed).contains(&"D30"), "{report:#?}");
    let reports =
        [report.to_json(), report.to_markdown(), report.to_junit(), report.to_table(200, false)];
    let only = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    for token in tokens.lock().unwrap().iter().map(|token| only(token)) {
        for report in reports.iter().map(|report| only(report)) {
            let run = token
                .as_bytes()
                .windows(12)
                .find(|run| report.contains(str::from_utf8(run).unwrap()));
            assert_eq!(run, None, "{report}");
        }
    }
    let claims = emulator.cloud().app_claims(sample::AGENT, sample::API).unwrap();
    let unique = claims["uti"].as_str().or(claims["jti"].as_str()).unwrap_or("no such id");
    assert!(!reports[0].contains(unique), "{}", reports[0]);
}

/// What an app sees of a run tells no more than that a client calls.
#[tokio::test]
async fn an_app_cannot_tell_by_whom_it_is_judged() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let mut orders = Vec::new();
    for _ in 0..2 {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let stub = Stub::start(move |request| {
            let agent = request.headers().get(USER_AGENT).map(|it| it.to_str().unwrap().to_owned());
            let path = request.uri().path_and_query().unwrap().as_str().to_owned();
            kept.lock().unwrap().push((request.method().clone(), path, agent.unwrap_or_default()));
            StatusCode::UNAUTHORIZED.into_response()
        });
        let stub = stub.await;
        let mut probe = probe(emulator.cloud(), &stub.origin).unwrap();
        probe.cases.retain(|case| case.group() == 'B' || case.id == "D21" || case.id == "D12");
        run(&probe).await;
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        for (_, path, agent) in &seen {
            assert!(!agent.contains("probe") && !path.contains("test"), "{path} {agent}");
        }
        orders.push(seen);
    }
    assert_ne!(orders[0], orders[1], "the order of the cases");
}

/// A report that is read where Markdown makes links and formulas of text.
#[tokio::test]
async fn an_answer_is_no_markdown() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let text = "@someone www.attacker.example https://attacker.example $\\text{x}$ `a|b` | c \u{61c}\u{180e}\u{ad}\u{e0041}";
    let stub = Stub::start(move |_| (StatusCode::BAD_REQUEST, text).into_response()).await;
    let mut probe = probe(emulator.cloud(), &stub.origin).unwrap();
    probe.cases.retain(|case| ["B1", "B2", "A1"].contains(&case.id));
    let report = run(&probe).await;
    for report in
        [report.to_json(), report.to_markdown(), report.to_junit(), report.to_table(200, false)]
    {
        let hidden =
            |c: &char| matches!(c, '\u{61c}' | '\u{180e}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}');
        assert_eq!(report.chars().find(hidden), None, "{report}");
    }
    let markdown = report.to_markdown();
    let outside_code = without_code(&markdown);
    for mark in ["@", "www.", "attacker", "$"] {
        assert!(!outside_code.contains(mark), "{mark}: {outside_code}");
    }
    let rows = markdown.lines().filter(|line| line.starts_with("| B"));
    let lines: Vec<_> = rows.map(|row| row.matches('|').count()).collect();
    assert_eq!(lines, [7, 7, 5, 5], "{markdown}");
}

/// What of a Markdown text stands in no code span, as `CommonMark` reads it.
fn without_code(markdown: &str) -> String {
    let mut outside = String::new();
    for line in markdown.lines() {
        let mut rest = line;
        while let Some(start) = rest.find('`') {
            let fence = rest[start..].chars().take_while(|c| *c == '`').count();
            let inside = &rest[start + fence..];
            let end = (0..inside.len()).filter(|at| inside.is_char_boundary(*at)).find(|at| {
                let run = inside[*at..].chars().take_while(|c| *c == '`').count();
                run == fence && !inside[..*at].ends_with('`')
            });
            outside.push_str(&rest[..start]);
            rest = end.map_or("", |end| &inside[end + fence..]);
        }
        outside.push_str(rest);
        outside.push('\n');
    }
    outside
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
