//! Base images of the same names and contents, for machines that cannot reach the registries.

use std::{fs, os::unix::fs::chown, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

use super::{Buildah, run};
use crate::installation::{self, check};

/// The image in which the Dockerfile builds the server.
pub(super) const BUILD: &str = "docker.io/library/rust:1.95.0-slim-bookworm";
/// The image in which the server runs.
pub(super) const RUNTIME: &str = "gcr.io/distroless/cc-debian12:nonroot";

/// The version of Debian of both.
const DEBIAN: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
/// What the image in which the server runs holds. Source:
/// <https://github.com/GoogleContainerTools/distroless/blob/main/cc/README.md>.
const PACKAGES: [&str; 9] = [
    "base-files",
    "ca-certificates",
    "libc6",
    "libgcc-s1",
    "libgomp1",
    "libssl3",
    "libstdc++6",
    "netbase",
    "tzdata",
];
/// The user without privileges, and its group.
const NONROOT: u32 = 65532;
const HOME: &str = "home/nonroot";
const USERS: &str = "root:x:0:0:root:/root:/sbin/nologin\n\
    nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"; // tidy: of the image
const GROUPS: &str = "root:x:0:\nnonroot:x:65532:\n";

/// Makes the image in which the server runs, of this system's packages.
pub(super) fn runtime(buildah: &Buildah) -> Result<()> {
    let release = fs::read_to_string("/etc/os-release")?;
    ensure!(release.contains(DEBIAN), "the base image needs packages of Debian {DEBIAN}");
    let root = installation::once("image-runtime", &PACKAGES.join(" "), |folder| {
        let packages = folder.join("packages");
        fs::create_dir_all(&packages)?;
        let mut download = Command::new("apt-get");
        // Not as another user, which may not write here.
        download.args(["download", "--quiet", "--option", "APT::Sandbox::User=root"]);
        check(&download.args(PACKAGES).current_dir(&packages).output()?)?;
        let root = folder.join("root");
        for package in fs::read_dir(&packages)? {
            let unpack =
                Command::new("dpkg-deb").arg("-x").arg(package?.path()).arg(&root).output()?;
            check(&unpack)?;
        }
        // A script, which the image has no shell for.
        fs::remove_file(root.join("usr/sbin/update-ca-certificates"))?;
        fs::create_dir_all(root.join("etc/ssl/certs"))?;
        let authorities = "etc/ssl/certs/ca-certificates.crt";
        fs::copy(Path::new("/").join(authorities), root.join(authorities))?;
        fs::write(root.join("etc/passwd"), USERS)?;
        fs::write(root.join("etc/group"), GROUPS)?;
        fs::create_dir_all(root.join(HOME))?;
        Ok(chown(root.join(HOME), Some(NONROOT), Some(NONROOT))?)
    })?;
    let (user, folder) = (format!("--user={NONROOT}"), format!("--workingdir=/{HOME}"));
    let settings = [&*user, &*folder, "--env=PATH=/usr/local/bin:/usr/bin:/bin"];
    commit(buildah, &root.join("root"), &settings, RUNTIME)
}

/// Makes the image in which the Dockerfile builds. Returns the volumes that a build needs: the toolchain, which is large,
/// and the downloaded crates.
pub(super) fn build(buildah: &Buildah) -> Result<[String; 2]> {
    let root = installation::once("image-build", DEBIAN, |folder| {
        let root = folder.join("root");
        fs::create_dir_all(&root)?;
        let mut bootstrap = Command::new("debootstrap");
        bootstrap.args(["--variant=minbase", "--include=ca-certificates,gcc,libc6-dev", DEBIAN]);
        let made = bootstrap.arg(&root).arg(MIRROR).output();
        check(
            &made.context("debootstrap is not installed (Debian: apt-get install debootstrap)")?,
        )?;
        let programs = root.join("usr/local/cargo/bin");
        fs::create_dir_all(&programs)?;
        for program in ["cargo", "rustc", "rustdoc"] {
            let target = format!("/usr/local/rustup/toolchains/{TOOLCHAIN}/bin/{program}");
            std::os::unix::fs::symlink(target, programs.join(program))?;
        }
        Ok(())
    })?;
    let path = "--env=PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    commit(buildah, &root.join("root"), &["--env=CARGO_HOME=/usr/local/cargo", path], BUILD)?;
    let toolchain = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    check(&toolchain)?;
    let toolchain = fs::canonicalize(String::from_utf8(toolchain.stdout)?.trim())?;
    let home = std::env::var("CARGO_HOME")
        .map_or_else(|_| std::env::var("HOME").map(|it| it + "/.cargo"), Ok)?;
    Ok([
        format!("{}:/usr/local/rustup/toolchains/{TOOLCHAIN}:ro", toolchain.display()),
        format!("{home}/registry:/usr/local/cargo/registry"),
    ])
}

/// The folder of the toolchain in the image.
const TOOLCHAIN: &str = "installed";

fn commit(buildah: &Buildah, root: &Path, settings: &[&str], name: &str) -> Result<()> {
    let container = run(buildah.command().args(["from", "scratch"]))?;
    let mounted = run(buildah.command().args(["mount", &container]))?;
    // Not by buildah, whose copies belong to root.
    check(&Command::new("cp").arg("--archive").arg(root.join(".")).arg(mounted).output()?)?;
    run(buildah.command().args(["unmount", &container]))?;
    run(buildah.command().arg("config").args(settings).arg(&container))?;
    run(buildah.command().args(["commit", "--quiet", "--rm", &container, name]))?;
    Ok(())
}
