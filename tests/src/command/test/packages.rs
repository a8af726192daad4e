//! Packs the toolkit's libraries as for a registry, and compiles what was packed.

use std::{fmt::Write as _, fs};

use anyhow::{Context as _, Result};
use restaurant_tests::workspace;
use xshell::{Shell, cmd};

/// The libraries that a service of one's own depends on.
const LIBRARIES: [&str; 5] =
    ["auth-probe", "easyauth", "easyauth-emulator", "entra-admin", "rmcp-guard"];

/// Packs each library, and checks all packages in a workspace of their own.
///
/// That is what `cargo package` verifies, in a third of its time: it compiles each package and its dependencies anew.
pub(super) fn check(shell: &Shell) -> Result<()> {
    let packages: &Vec<_> =
        &LIBRARIES.into_iter().flat_map(|library| ["--package", library]).collect();
    cmd!(shell, "cargo package --quiet --locked --allow-dirty --no-verify {packages...}")
        .run()
        .context("a library cannot be packed")?;
    let folder = unpack(shell)?;
    cmd!(shell, "cargo check --offline --workspace --manifest-path {folder}/Cargo.toml")
        .args(["--target-dir".as_ref(), workspace::target().as_os_str()])
        .run()
        .context("a library does not compile from its package")?;
    minimum_version(shell, packages)
}

/// Makes a workspace of the packages, with the versions that this one has locked; returns its folder.
fn unpack(shell: &Shell) -> Result<String> {
    let packed = workspace::target().join("package");
    let folder = packed.join("workspace");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut manifest =
        "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n\n[patch.crates-io]\n".to_owned();
    for library in LIBRARIES {
        let package = format!("{library}-{}", env!("CARGO_PKG_VERSION"));
        let archive = packed.join(format!("{package}.crate"));
        cmd!(shell, "tar --extract --gzip --file {archive} --directory {folder}").run()?;
        writeln!(manifest, "{library} = {{ path = \"{package}\" }}")?;
    }
    // With the same profiles, what was compiled for this workspace serves that one.
    let ours = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    let profiles = ours.find("\n[profile.").context("Cargo.toml has no profiles")?;
    manifest.push_str(&ours[profiles..]);
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    folder.into_os_string().into_string().ok().context("the target folder's path is not UTF-8")
}

/// The Rust version that the workspace's packages promise, where they promise no other.
const MINIMUM_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Compiles the libraries with that version, where its toolchain is installed.
fn minimum_version(shell: &Shell, packages: &[&str]) -> Result<()> {
    let _quiet = shell.push_env("RUSTUP_AUTO_INSTALL", "0");
    let run = ["run", MINIMUM_VERSION, "cargo"];
    if cmd!(shell, "rustup {run...} --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_err()
    {
        eprintln!(
            "Rust {MINIMUM_VERSION} is not checked: it needs `rustup toolchain install {MINIMUM_VERSION}`"
        );
        return Ok(());
    }
    cmd!(shell, "rustup {run...} check --locked --all-features {packages...}")
        .run()
        .with_context(|| format!("a library does not compile with Rust {MINIMUM_VERSION}"))
}
