//! `easyauth` in a service of another author: what it names is all that it needs. Its own tests are those of the package `json-api`.

use std::process::Command;

use restaurant_tests::{server, workspace};

#[tokio::test]
async fn a_json_api_needs_no_dependency_that_it_does_not_name() {
    server::check_project("json-api", "--all-targets").await.unwrap();
}

#[test]
fn a_service_that_reads_one_header_compiles_no_http_client() {
    let features = ["--no-default-features", "--features=app-service"];
    let tree = ["tree", "--package=easyauth", "--edges=normal", "--prefix=none", "--locked"];
    let mut cargo = Command::new("cargo");
    let tree = cargo.args(tree).args(features).current_dir(workspace::root()).output().unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"easyauth") && names.contains(&"base64"), "{tree}");
    for heavy in ["reqwest", "hyper", "tokio", "rustls", "aws-lc-rs", "jsonwebtoken", "axum"] {
        assert!(!names.contains(&heavy), "{heavy}");
    }
}
