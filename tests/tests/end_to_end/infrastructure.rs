//! What is deployed, as far as it can be judged without Azure.

use restaurant_tests::{image::Buildah, infrastructure, server};

/// Bicep, azure.yaml, the settings of authentication, and how they fit together: `infra/check` says what it looks at.
#[test]
fn the_infrastructure_has_no_fault() {
    let output = infrastructure::check().unwrap().output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// The last stage of the Dockerfile, with the server that the other tests use; `cargo xtask image` builds the whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_image_starts_without_a_shell_and_without_privileges() {
    let buildah = Buildah::find();
    let buildah = match buildah.and_then(|buildah| buildah.make_base().map(|()| buildah)) {
        Ok(buildah) => buildah,
        Err(reason) => return eprintln!("the image is not checked: {reason:#}"),
    };
    let image = buildah.assemble(&server::build().await.unwrap()).unwrap();
    let examined = buildah.examine(&image).unwrap();
    assert_eq!(examined.user, 65532);
}
