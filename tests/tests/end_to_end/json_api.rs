//! `easyauth` in a service of another author: a project of its own, with the contract of its authentication.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::{Command, Output};

use restaurant_tests::workspace;

fn cargo(arguments: &[&str]) -> Output {
    Command::new("cargo").args(arguments).current_dir(workspace::root()).output().unwrap()
}

#[test]
fn the_contract_of_a_json_api_holds_and_notices_each_missing_layer() {
    let target = workspace::target();
    let target = target.to_str().unwrap();
    let project = "--manifest-path=tests/json-api/Cargo.toml";
    let tests = cargo(&["test", project, "--target-dir", target, "--locked", "--test=contract"]);
    let output = [tests.stdout, tests.stderr].concat();
    let output = String::from_utf8_lossy(&output);
    assert!(tests.status.success() && output.contains("15 passed"), "{output}");
}

#[test]
fn a_service_that_reads_one_header_compiles_no_http_client() {
    let features = ["--no-default-features", "--features=app-service"];
    let tree = ["tree", "--package=easyauth", "--edges=normal", "--prefix=none", "--locked"];
    let tree = cargo(&[&tree[..], &features].concat());
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"easyauth") && names.contains(&"base64"), "{tree}");
    for heavy in ["reqwest", "hyper", "tokio", "rustls", "aws-lc-rs", "jsonwebtoken", "axum"] {
        assert!(!names.contains(&heavy), "{heavy}");
    }
}
