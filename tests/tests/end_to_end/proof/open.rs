//! The matrix of apps without authentication, for the cases that need it off; and of all cases, each of which has a flaw.

use auth_probe::{Case, Report, Verdict};
use easyauth_emulator::{Directory, Emulator, Options};
use restaurant_tests::{
    app_service::probe,
    fault_proxy::{Answered, Fault, FaultProxy, Lie},
    server::Server,
};
use serde_json::{Value, json};

use super::{
    ids,
    lies::LIES,
    matrix::{missing_checks, other_behaviours},
    run, token_lies,
};

/// Changes the content of a tool's result.
fn edit_content(answer: &mut Answered, edit: impl FnOnce(&mut Value)) {
    answer.edit(|document| edit(&mut document["result"]["structuredContent"]));
}

/// The flaws, each with the cases that must go red, by spaces.
static OPEN: &[(Lie, &str)] = &[
    (Lie::NONE, ""),
    (
        Lie::change("the page needs a token", |it, answer| {
            if it.path == "/" {
                answer.say(401);
            }
        }),
        "A1",
    ),
    (
        Lie::change("metadata of what is not protected", |it, answer| {
            if it.metadata().is_some() {
                answer.say(200);
            }
        }),
        "A2",
    ),
    (
        Lie::change("initialize names no server", |it, answer| {
            if it.rpc() == "initialize" {
                answer.edit(|document| document["result"]["serverInfo"] = Value::Null);
            }
        }),
        "A3 C1",
    ),
    (
        Lie::change("a tool is not listed", |it, answer| {
            if it.rpc() == "tools/list" {
                answer.edit(|document| {
                    document["result"]["tools"].as_array_mut().map(Vec::pop);
                });
            }
        }),
        "A4 C1",
    ),
    (
        Lie::change("restaurants have no id", |it, answer| {
            if it.tool() == "list_restaurants_mcp" {
                edit_content(answer, |content| content["restaurants"][0]["id"] = Value::Null);
            }
        }),
        "A5 A6 C1",
    ),
    (
        Lie::change("details are another restaurant's", |it, answer| {
            if it.tool() == "get_details_mcp" {
                edit_content(answer, |content| content["restaurant"]["id"] = json!(0));
            }
        }),
        "A6 A8",
    ),
    (
        Lie::change("details have no reviews", |it, answer| {
            if it.tool() == "get_details_mcp" {
                edit_content(answer, |content| content["reviews"] = json!([]));
            }
        }),
        "A7",
    ),
];

/// The report of the cases that need authentication off.
async fn report(server: &Server, lie: Lie) -> Report {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let fault = Fault::Lie(lie, server.url(""));
    let proxy = FaultProxy::start(fault, &server.url(""), emulator.cloud()).await.unwrap();
    let mut probe = probe(emulator.cloud(), proxy.origin()).unwrap();
    probe.cases.retain(|case| case.group() == 'A' || case.id == "C1");
    run(&probe).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_nobody_passes_group_a_unless_it_has_a_flaw() {
    let server = Server::builder().start().await.unwrap();
    for (lie, expected) in OPEN {
        let report = report(&server, *lie).await;
        let red = ids(&report, Verdict::Failed);
        assert_eq!(red.join(" "), *expected, "{lie:?}: {:#?}", report.cases);
        assert_eq!(ids(&report, Verdict::Passed).len(), 9 - red.len(), "{lie:?}");
    }
}

/// A case that no flaw turns red proves nothing. An app that hangs turns all red, and so does not count.
#[test]
fn every_case_is_red_for_a_flaw() {
    let mut faults = missing_checks("");
    faults.extend(other_behaviours(""));
    let faults = faults.iter().filter(|(fault, _)| *fault != Fault::Hangs);
    let lies = LIES.iter().copied().chain([OPEN]).flatten();
    let red = faults.map(|(_, red)| *red).chain(lies.map(|(_, red)| *red));
    let red = red.chain(token_lies::LIES.iter().copied().flatten().map(|(.., red)| *red));
    let red: Vec<_> = red.flat_map(|red| red.split(' ')).collect();
    let never: Vec<_> = Case::all().map(|case| case.id).filter(|id| !red.contains(id)).collect();
    assert!(never.is_empty(), "no flaw turns these cases red: {never:?}");
}
