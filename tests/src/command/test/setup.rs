//! What the tests need from the machine: found, installed, or asked for.

use anyhow::{Context as _, Result, bail};
use restaurant_tests::{
    browser, image::Buildah, infrastructure, node, postgres, python, workspace,
};
use xshell::{Shell, cmd};

/// Something that the tests need.
struct Need {
    name: &'static str,
    found: fn(&Shell) -> bool,
    /// The packages of Debian and Ubuntu that have it.
    packages: &'static [&'static str],
}

const NEEDS: [Need; 7] = [
    Need {
        name: "PostgreSQL (initdb, postgres)",
        found: |_| postgres::binaries().is_some(),
        packages: &["postgresql"],
    },
    Need {
        name: "PgBouncer",
        found: |_| postgres::pgbouncer().is_some(),
        packages: &["pgbouncer"],
    },
    Need { name: "Chromium", found: |_| browser::chromium().is_some(), packages: &["chromium"] },
    Need {
        name: "chromedriver",
        found: |_| browser::chromedriver().is_some(),
        packages: &["chromium-driver"],
    },
    Need {
        name: "Python 3 with venv",
        found: |shell| {
            let imports = "import ensurepip, venv";
            let import = cmd!(shell, "python3 -c {imports}").quiet().ignore_stderr();
            python::python().is_some() && import.run().is_ok()
        },
        packages: &["python3", "python3-venv"],
    },
    Need {
        name: "what docs/GUIDE_AUTH_MCP_SERVER.md asks for (bash, curl, jq)",
        found: |_| {
            let programs = ["bash", "curl", "jq"];
            programs.iter().all(|program| workspace::find_program(&[program], &[]).is_some())
        },
        packages: &["bash", "ca-certificates", "curl", "jq"],
    },
    // Its Node may be old: the packages bring one of their own.
    Need { name: "Node's npm", found: |_| node::npm().is_some(), packages: &["nodejs", "npm"] },
];

/// Finds what the tests need; root also installs what is missing, by apt-get.
///
/// # Errors
/// Something is missing and cannot be installed: a line for each.
pub(super) fn run(shell: &Shell) -> Result<()> {
    let missing = missing(shell);
    if !missing.is_empty()
        && workspace::is_root()?
        && workspace::find_program(&["apt-get"], &[]).is_some()
    {
        // What it could not install is missing still, and named below.
        if let Err(error) = install(shell, &missing) {
            eprintln!("{error}");
        }
    }
    let missing = self::missing(shell);
    for need in &missing {
        let packages = need.packages.join(" ");
        eprintln!("missing: {} (Debian: apt-get install {packages})", need.name);
    }
    if !missing.is_empty() {
        bail!("install what is missing, or run this as root where there is apt-get");
    }
    eprintln!("found PostgreSQL, PgBouncer, Chromium, chromedriver, Python, curl, jq and npm");
    if workspace::find_program(&["bicep"], &[]).is_none() {
        let how = infrastructure::BICEP;
        eprintln!("bicep is not installed ({how}): what needs to compile infra/ is not checked");
    }
    if let Err(reason) = Buildah::find() {
        eprintln!("the image is not checked: {reason}");
    }
    Ok(())
}

/// Installs the packages for Python and Node that the tests need.
///
/// # Errors
/// A package cannot be had.
pub(super) fn packages() -> Result<()> {
    for environment in python::Environment::ALL {
        let folder = environment.folder();
        environment
            .interpreter()
            .with_context(|| format!("the packages of {} are missing", folder.display()))?;
    }
    node::environment().context("the packages of tests/node/package-lock.json are missing")?;
    Ok(())
}

fn missing(shell: &Shell) -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.found)(shell)).collect()
}

fn install(shell: &Shell, missing: &[&Need]) -> Result<()> {
    let packages: Vec<_> = missing.iter().flat_map(|need| need.packages).collect();
    let _quiet = shell.push_env("DEBIAN_FRONTEND", "noninteractive");
    cmd!(shell, "apt-get update --quiet").run()?;
    cmd!(shell, "apt-get install --quiet --yes --no-install-recommends {packages...}").run()?;
    Ok(())
}
