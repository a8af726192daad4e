//! Where a request ends: the app never sees two where the gateway saw one.

use super::app::Guarded;

/// A request that may never be seen as one.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: x\r\nX-MS-CLIENT-PRINCIPAL-ID: mallory\r\n\r\n";

/// How a body is announced, the body, and the first answer's status.
fn shapes() -> Vec<(&'static str, String, String, &'static str)> {
    let end_first = format!("0\r\n\r\n{HIDDEN}");
    let in_a_chunk = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
    let (all, length) = (end_first.len(), HIDDEN.len());
    let te = "Transfer-Encoding: chunked";
    let rows: [(&str, String, &str, &str); 18] = [
        ("CL.TE", format!("Content-Length: {all}\r\n{te}"), &end_first, "200"),
        ("TE.CL", format!("{te}\r\nContent-Length: 4"), &in_a_chunk, "200"),
        ("a length alone", format!("Content-Length: {length}"), HIDDEN, "200"),
        ("chunks alone", te.to_owned(), &in_a_chunk, "200"),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {length}"), HIDDEN, "400"),
        ("a list of lengths", format!("Content-Length: 0, {length}"), HIDDEN, "400"),
        ("a signed length", format!("Content-Length: +{length}"), HIDDEN, "400"),
        ("a negative length", "Content-Length: -1".to_owned(), HIDDEN, "400"),
        ("a length in hex", "Content-Length: 0x10".to_owned(), HIDDEN, "400"),
        ("an unknown coding", "Transfer-Encoding: xchunked".to_owned(), &end_first, "400"),
        (
            "chunked before another",
            "Transfer-Encoding: chunked, identity".to_owned(),
            &end_first,
            "400",
        ),
        (
            "another before chunked",
            "Transfer-Encoding: gzip, chunked".to_owned(),
            &in_a_chunk,
            "501",
        ),
        ("chunked twice", format!("{te}\r\n{te}"), &in_a_chunk, "501"),
        ("a space before the colon", format!("Content-Length : {all}"), &end_first, "400"),
        ("a folded line", "Transfer-Encoding:\r\n chunked".to_owned(), &end_first, "400"),
        ("a vertical tab", "Transfer-Encoding: \u{b}chunked".to_owned(), &end_first, "400"),
        (
            "a body of a GET",
            format!("Content-Length: {length}\r\nX-Http-Method: GET"),
            HIDDEN,
            "200",
        ),
        (
            "dropped length",
            format!("Connection: Content-Length\r\nContent-Length: {length}"),
            HIDDEN,
            "200",
        ),
    ];
    rows.into_iter()
        .map(|(name, lines, body, status)| (name, lines, body.to_owned(), status))
        .collect()
}

#[tokio::test]
async fn the_app_sees_no_request_that_the_gateway_did_not() {
    let mut guarded = Guarded::start().await;
    let token = guarded.token();
    for (name, framing, body, status) in shapes() {
        let host = &guarded.address;
        let answer = guarded
            .exchange(&format!(
                "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n{body}"
            ))
            .await;
        assert_eq!(answer.get(9..12), Some(status), "{name}: {answer}");
        let received = guarded.received();
        assert!(
            received.iter().all(|request| request.head.starts_with("POST / ")),
            "{name}: {received:?}"
        );
        assert_eq!(received.len(), usize::from(status == "200"), "{name}: {received:?}");
        for request in received {
            let (te, cl) = (request.values("transfer-encoding"), request.values("content-length"));
            assert_eq!(te.len() + cl.len(), 1, "{name}: {}", request.head);
            let text = String::from_utf8(request.body).unwrap();
            let is_data = text.is_empty() || text == "0\r\n\r\n" || text.contains(HIDDEN);
            assert!(is_data, "{name}: {text}");
        }
    }
}

#[tokio::test]
async fn a_request_is_for_one_host() {
    let mut guarded = Guarded::start().await;
    let authorization = format!("Authorization: Bearer {}\r\nConnection: close", guarded.token());
    let host = guarded.address.clone();
    for (head, status) in [
        (format!("GET / HTTP/1.1\r\nHost: {host}"), "200"),
        ("GET / HTTP/1.1\r\nHost: reviews.example".to_owned(), "421"),
        ("GET / HTTP/1.1".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: other.example"), "400"),
        (format!("GET http://other.example/ HTTP/1.1\r\nHost: {host}"), "400"),
        (format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}"), "200"),
        (format!("CONNECT {host} HTTP/1.1\r\nHost: {host}"), "501"),
        (format!("GET / HTTP/2.0\r\nHost: {host}"), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM".to_owned(), "400"),
    ] {
        let answer = guarded.exchange(&format!("{head}\r\n{authorization}\r\n\r\n")).await;
        let found = answer.get(9..12).unwrap_or_default();
        assert_eq!(found, status, "{head}: {answer}");
        let received = guarded.received();
        assert_eq!(received.len(), usize::from(status == "200"), "{head}");
        for request in received {
            let sent = head.lines().find_map(|line| line.strip_prefix("Host: "));
            assert_eq!(request.values("host"), [sent.unwrap()]);
            assert_eq!(request.values("x-forwarded-host"), [sent.unwrap()]);
        }
    }
}

#[tokio::test]
async fn what_is_for_one_hop_stays_there() {
    let mut guarded = Guarded::start().await;
    let authorization = format!("Authorization: Bearer {}\r\n", guarded.token());
    let lines = "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nUpgrade: websocket\r\nConnection: upgrade, X-Private, X-MS-CLIENT-PRINCIPAL, X-MS-CLIENT-PRINCIPAL-ID, X-Forwarded-For, Host\r\nX-Private: 1\r\nX-Public: 2\r\nX-Forwarded-For: 192.0.2.1\r\n";
    let (status, received) = guarded.get("/", &format!("{authorization}{lines}")).await;
    let received = received.unwrap();
    assert_eq!(status, "200");
    for name in ["keep-alive", "proxy-connection", "te", "upgrade", "connection", "x-private"] {
        assert!(received.values(name).is_empty(), "{name}: {}", received.head);
    }
    assert_eq!(received.values("x-public"), ["2"]);
    assert_eq!(received.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(received.values("host"), [guarded.address.as_str()]);
    assert_eq!(received.values("x-ms-client-principal").len(), 1);
    assert_eq!(received.values("x-ms-client-principal-id").len(), 1);
}

#[tokio::test]
async fn rules_are_about_the_path_that_the_app_sees() {
    let mut guarded = Guarded::start().await;
    guarded.set("/globalValidation/excludedPaths", serde_json::json!(["/healthz", "/open/*"]));
    for (path, seen) in [
        ("/healthz", Some("/healthz")),
        ("/healthz?a=/%2e%2e/", Some("/healthz?a=/%2e%2e/")),
        ("/open/x", Some("/open/x")),
        ("/x/../healthz", Some("/healthz")),
        ("/open/%2e%2e%2fsecret", Some("/open/%2e%2e%2fsecret")),
        ("/healthz/", None),
        ("/healthz/../secret", None),
        ("/open/../secret", None),
        ("/open/%2e%2e/secret", None),
        ("/open/.%2E/secret", None),
        ("/open/..\\secret", None),
        ("/open", None),
        ("//healthz", None),
        ("/HEALTHZ", None),
        ("/openx", None),
    ] {
        let (status, received) = guarded.get(path, "").await;
        assert_eq!(status == "200", seen.is_some(), "{path}: {status}");
        let line = received.map(|received| received.head.lines().next().unwrap().to_owned());
        assert_eq!(line, seen.map(|seen| format!("GET {seen} HTTP/1.1")), "{path}");
    }
}
