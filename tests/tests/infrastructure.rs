//! What is deployed, as far as it can be judged without Azure.

use restaurant_tests::infrastructure;

/// Bicep, azure.yaml, the settings of authentication, and how they fit together: `infra/check` says what it looks at.
#[test]
fn the_infrastructure_has_no_fault() {
    let output = infrastructure::check().unwrap().output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
