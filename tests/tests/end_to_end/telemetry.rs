//! Telemetry, as a collector gets it: traces from the request to its SQL, durations, and the log with request ids.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod collector;

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use reqwest::{Client, Response};
use restaurant_tests::{
    mcp,
    postgres::shared,
    server::{Server, ServerBuilder},
    tls_proxy::TlsProxy,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

use self::collector::{Collector, Kept, attribute};

/// What clients send and nobody else shall see.
const SECRET: &str = "hush-7c1f";
/// The trace that a client would like to be in.
const FOREIGN_TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;

async fn call(server: &Server, tool: &str, arguments: Value, meta: Value) -> Response {
    let mut call = mcp::tool_call(tool, &arguments);
    call["params"]["_meta"] = meta;
    let request = mcp::post(&Client::new(), server.url("/mcp"), &call);
    request.header("mcp-protocol-version", "2025-11-25").send().await.unwrap()
}

/// A trace context that asks for no sampling.
fn traceparent() -> String {
    format!("00-{FOREIGN_TRACE:032x}-b7ad6b7169203331-00")
}

fn request_id(response: &Response) -> String {
    response.headers()["x-request-id"].to_str().unwrap().to_owned()
}

/// What a restaurant's page, a tool, and two failures leave behind, the server having ended.
struct Visit {
    page: String,
    tool: String,
}

impl Visit {
    async fn of(server: &mut Server) -> Self {
        let added = reqwest::Client::new()
            .post(server.url("/add"))
            .form(&[
                ("restaurant_name", SECRET),
                ("street_address", SECRET),
                ("description", SECRET),
            ])
            .send()
            .await
            .unwrap();
        let path = added.url().path().to_owned();
        let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
        let page = Client::new()
            .get(server.url(&format!("{path}?note={SECRET}")))
            .header("traceparent", traceparent())
            .header("cookie", SECRET)
            .send()
            .await
            .unwrap();
        let meta = json!({"traceparent": traceparent(), "tracestate": "az=1"});
        let tool = call(server, "get_details_mcp", json!({"restaurant_id": id}), meta).await;
        let malformed = json!({"traceparent": format!("{}-00", traceparent())});
        call(server, "get_details_mcp", json!({"restaurant_id": SECRET}), malformed).await;
        let shouted = reqwest::Method::from_bytes(b"SHOUT").unwrap();
        Client::new().request(shouted, server.url("/")).send().await.unwrap();
        server.terminate().unwrap();
        assert!(server.wait().await.unwrap().success());
        Self { page: request_id(&page), tool: request_id(&tool) }
    }
}

fn server(database: &str) -> ServerBuilder {
    Server::builder().env("DATABASE_URL", database)
}

fn is_failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

/// The request with an id is the root of its trace; below it, or below its tool, are its statements.
fn request<'a>(kept: &'a Kept, name: &str, id: &str) -> &'a Span {
    let named = kept.named(name);
    let of_id = |span: &&&Span| attribute(&span.attributes, "request_id").as_deref() == Some(id);
    let root = named.iter().find(of_id).unwrap_or_else(|| panic!("no {name} {id}"));
    assert_eq!(root.kind(), SpanKind::Server);
    assert!(root.parent_span_id.is_empty(), "{root:?}");
    assert!(root.start_time_unix_nano < root.end_time_unix_nano);
    root
}

fn has_statements(kept: &Kept, parent: &Span, system: &str) {
    let statements = kept.below(parent);
    assert!(!statements.is_empty(), "{parent:?}");
    for statement in &statements {
        let text = attribute(&statement.attributes, "db.query.text").unwrap();
        assert_eq!(statement.kind(), SpanKind::Client, "{text}");
        assert!(statement.end_time_unix_nano <= parent.end_time_unix_nano, "{text} goes on");
        assert_eq!(attribute(&statement.attributes, "db.system.name").as_deref(), Some(system));
        assert!(text.starts_with(&*statement.name), "{} is no {text}", statement.name);
    }
    let of_table = statements.iter().filter(|statement| {
        attribute(&statement.attributes, "db.query.text").unwrap().contains("restaurants")
    });
    assert!(of_table.count() > 0);
}

fn is_told(kept: &Kept, visit: &Visit, system: &str) {
    let page = request(kept, "GET /details/{id}", &visit.page);
    assert_ne!(page.trace_id, FOREIGN_TRACE.to_be_bytes());
    let told = |key| attribute(&page.attributes, key);
    assert_eq!(told("http.route").as_deref(), Some("/details/{id}"));
    assert_eq!(told("http.response.status_code").as_deref(), Some("200"));
    has_statements(kept, page, system);

    let post = request(kept, "POST /mcp", &visit.tool);
    let tools = kept.below(post);
    assert_eq!(tools[0].name, "tools/call get_details_mcp");
    assert_eq!(
        attribute(&tools[0].attributes, "gen_ai.tool.name").as_deref(),
        Some("get_details_mcp")
    );
    assert!(!is_failed(tools[0]));
    has_statements(kept, tools[0], system);
    let [client] = tools[0].links.as_slice() else { panic!("{:?}", tools[0].links) };
    assert_eq!(client.trace_id, FOREIGN_TRACE.to_be_bytes());
    assert_eq!((client.span_id[0], &*client.trace_state), (0xb7, "az=1"));
    assert_ne!(post.trace_id, FOREIGN_TRACE.to_be_bytes(), "a link is no parent");
    let is_mcp = |span: &&Span| attribute(&span.attributes, "mcp.method.name").is_some();
    let failed = kept.spans.iter().filter(|span| is_failed(span));
    let failed: Vec<_> = failed.filter(is_mcp).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].links.is_empty(), "the trace context is malformed");
    let kind = attribute(&failed[0].attributes, "error.type");
    assert_eq!(kind.as_deref(), Some("invalid_arguments"));
    assert_eq!(kept.named("_OTHER /").len(), 1);

    for (id, root) in [(&visit.page, page), (&visit.tool, post)] {
        let of_id = |key: &str| {
            let is_line = |line: &&_| {
                let line: &opentelemetry_proto::tonic::logs::v1::LogRecord = line;
                attribute(&line.attributes, key).as_ref() == Some(id)
            };
            kept.logs.iter().filter(is_line).collect::<Vec<_>>()
        };
        let lines = of_id("request_id");
        assert!(!lines.is_empty(), "no line of {id}");
        assert!(lines.iter().all(|line| line.trace_id == root.trace_id), "{lines:?}");
    }
    // Of what its exporters say of themselves there is nothing, or it would never end.
    assert!(kept.targets.contains("restaurant_server::request_log"), "{:?}", kept.targets);
    let of_exporters = ["opentelemetry", "hyper", "reqwest"];
    let told = |target: &String| of_exporters.iter().any(|it| target.starts_with(it));
    assert!(!kept.targets.iter().any(told), "{:?}", kept.targets);
    let counted = |name: &str, key: &str, value: &str| -> u64 {
        let points = kept.durations.iter().filter(|(it, _)| it == name);
        let of =
            points.filter(|(_, point)| attribute(&point.attributes, key).as_deref() == Some(value));
        of.map(|(_, point)| point.count).sum()
    };
    assert_eq!(counted("http.server.request.duration", "http.route", "/mcp"), 2);
    assert_eq!(counted("http.server.request.duration", "http.request.method", "_OTHER"), 1);
    assert_eq!(counted("mcp.server.operation.duration", "gen_ai.tool.name", "get_details_mcp"), 2);
    assert_eq!(counted("mcp.server.operation.duration", "error.type", "invalid_arguments"), 1);
    assert!(counted("db.client.operation.duration", "db.system.name", system) >= 3);
    assert!(!kept.text().contains(SECRET), "{}", kept.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_told_down_to_its_sql_on_sqlite() {
    let collector = Collector::start().await;
    let server = server("sqlite://data.sqlite3")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/", collector.origin()))
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("x-key={SECRET}"))
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        .env("WEBSITE_INSTANCE_ID", "instance-1");
    let mut server = server.start().await.unwrap();
    let visit = Visit::of(&mut server).await;
    let kept = collector.kept();
    is_told(&kept, &visit, "sqlite");
    let of_sender = [
        ("service.name", "restaurant-reviews"),
        ("service.instance.id", "instance-1"),
        ("deployment.environment.name", "test"),
    ];
    for (key, value) in of_sender {
        assert_eq!(attribute(&kept.resource, key).as_deref(), Some(value));
    }
    assert!(kept.headers.iter().all(|headers| headers["x-key"] == SECRET));
    assert!(!server.logs().join("\n").contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_told_down_to_its_sql_on_postgresql() {
    let collector = Collector::start().await;
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = server(database.url())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.origin())
        .env("OTEL_SERVICE_NAME", "reviews-of-the-coast")
        .env("LOG", "trace");
    let mut server = server.start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let visit = Visit::of(&mut server).await;
    let kept = collector.kept();
    is_told(&kept, &visit, "postgresql");
    assert_eq!(attribute(&kept.resource, "service.name").as_deref(), Some("reviews-of-the-coast"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn application_insights_is_told_too() {
    let collector = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsProxy::start(collector.origin(), folder.path()).await.unwrap();
    let key = "11111111-2222-4333-8444-555555555555";
    // As Azure's own examples have it, with a `;` at the end.
    let text = format!(
        "InstrumentationKey={key};IngestionEndpoint={}/;LiveEndpoint=https://live.example/;ApplicationId={key};\n",
        tls.origin()
    );
    let server = server("sqlite://data.sqlite3")
        .env("APPLICATIONINSIGHTS_CONNECTION_STRING", text)
        .env("SSL_CERT_FILE", tls.authority());
    let mut server = server.start().await.unwrap();
    let visit = Visit::of(&mut server).await;
    let kept = collector.kept();
    assert!(kept.envelopes.iter().all(|envelope| envelope["iKey"] == key));
    let of = |kind: &str, key: &str, value: &str| -> Vec<&Value> {
        let data = kept.envelopes.iter().filter(|envelope| envelope["data"]["baseType"] == kind);
        data.filter(|envelope| envelope["data"]["baseData"][key] == value).collect()
    };
    let page = of("RequestData", "name", "GET /details/{id}");
    let is_visit = |data: &&&Value| {
        data["data"]["baseData"]["properties"]["request_id"] == visit.page.as_str()
    };
    let page = page.iter().find(is_visit).unwrap();
    assert_eq!(page["data"]["baseData"]["responseCode"], "200");
    let trace = &page["tags"]["ai.operation.id"];
    let statements = of("RemoteDependencyData", "type", "sqlite");
    let below =
        statements.iter().filter(|statement| statement["tags"]["ai.operation.id"] == *trace);
    let below: Vec<_> = below.collect();
    assert!(!below.is_empty());
    assert!(below.iter().any(|it| {
        it["data"]["baseData"]["data"].as_str().is_some_and(|text| text.contains("restaurants"))
    }));
    assert_eq!(of("RemoteDependencyData", "name", "tools/call get_details_mcp").len(), 2);
    let lines = of("MessageData", "message", "request");
    let line = lines.iter().find(is_visit).unwrap();
    assert_eq!(line["tags"]["ai.operation.id"], *trace);
    let metrics = kept.envelopes.iter().filter(|it| it["data"]["baseType"] == "MetricData");
    let metrics: Vec<_> = metrics.map(|it| &it["data"]["baseData"]["metrics"][0]["name"]).collect();
    assert!(metrics.contains(&&json!("http.server.request.duration")), "{metrics:?}");
    assert!(!kept.text().contains(SECRET), "{}", kept.text());
    assert!(!server.logs().join("\n").contains(key));
}

/// One that takes connections and never answers, which is worse than one that is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_collector_harms_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let server = server("sqlite://data.sqlite3")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("x-key={SECRET}"));
    let mut server = server.start().await.unwrap();
    assert_eq!(reqwest::get(server.url("/")).await.unwrap().status(), 200);
    server.terminate().unwrap();
    let ended = timeout(Duration::from_secs(12), server.wait()).await;
    assert!(ended.expect("it ends").unwrap().success());
    assert!(!server.logs().join("\n").contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_string_that_the_exporter_cannot_use_is_refused() {
    let key = "InstrumentationKey=11111111-2222-4333-8444-555555555555";
    let config = async |text: String| {
        let config = server("sqlite://data.sqlite3").arg("config");
        config.env("APPLICATIONINSIGHTS_CONNECTION_STRING", text).run().await.unwrap()
    };
    for endpoint in [
        "hush",
        "hush:1",
        "/hush",
        "https://",
        "https:///",
        "https://ho st",
        "https://[::hush",
        "https://host:99999",
        "https://host:hush",
        "ftp://hush",
        "https://u:hush@host",
        "https://host?hush",
        "https://host#hush",
        "https://host\\hush=",
        "https://%00/",
        "file:///hush",
    ] {
        for command in ["config", "serve"] {
            let refused = server("sqlite://data.sqlite3").arg(command).env(
                "APPLICATIONINSIGHTS_CONNECTION_STRING",
                format!("{key};IngestionEndpoint={endpoint}"),
            );
            let output = refused.env("BIND", "127.0.0.1:0").run().await;
            let Ok(output) = output else { panic!("{endpoint}: it starts") };
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{endpoint}: {said}");
            assert!(said.contains("APPLICATIONINSIGHTS_CONNECTION_STRING"), "{endpoint}: {said}");
            assert!(!said.contains("hush"), "{endpoint}: {said}");
        }
    }
    for wrong in ["hush", ";;", "Key=hush", "InstrumentationKey=;", "InstrumentationKey=hush;hush"]
    {
        let output = config(wrong.to_owned()).await;
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("hush"), "{output:?}");
    }
    for right in [
        format!("{key};"),
        format!(
            " {key} ; IngestionEndpoint = https://westeurope-5.in.applicationinsights.azure.com/ ;"
        ),
        format!("{key};EndpointSuffix=applicationinsights.azure.cn;Location=chinaeast2;"),
        format!("authorization=ikey;{key};AadAudience=https://monitor.azure.us//.default?a=b;"),
    ] {
        let output = config(right.clone()).await;
        assert!(output.status.success(), "{right}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_an_address_is_refused() {
    for command in ["serve", "config"] {
        for (name, value) in [
            ("APPLICATIONINSIGHTS_CONNECTION_STRING", format!("Key={SECRET}")),
            ("APPLICATIONINSIGHTS_CONNECTION_STRING", SECRET.to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost".to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:pass@localhost".to_owned()),
        ] {
            let builder = server("sqlite://data.sqlite3").arg(command).env(name, value);
            let output = builder.run().await.unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(name) && !said.contains(SECRET), "{said}");
        }
    }
}
