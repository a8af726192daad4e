//! What is deployed, as far as it can be judged without Azure.

use std::process::Command;

use restaurant_tests::{python::Environment, workspace};

/// Bicep, azure.yaml, the settings of authentication, and how they fit together: `infra/check` says what it looks at.
#[test]
fn the_infrastructure_has_no_fault() {
    let interpreter = Environment::Infrastructure.interpreter().unwrap();
    let check = Environment::Infrastructure.folder().join("check.py");
    let output = Command::new(interpreter)
        .arg("-B")
        .arg(check)
        .arg(workspace::root())
        .current_dir(workspace::root())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
