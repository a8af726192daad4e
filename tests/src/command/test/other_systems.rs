//! Compiles the programs for Windows and macOS, where the toolchain for them is installed.

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

/// Another system: its target, the cargo that compiles for it, and the program that this command needs.
struct System {
    target: &'static str,
    cargo: &'static str,
    needs: &'static str,
}

const SYSTEMS: [System; 2] = [
    System { target: "x86_64-pc-windows-gnu", cargo: "cargo", needs: "x86_64-w64-mingw32-gcc" },
    System { target: "aarch64-apple-darwin", cargo: "cargo-zigbuild", needs: "cargo-zigbuild" },
];

/// The programs that run on every system. The tests need Unix.
const PROGRAMS: [&str; 6] = ["-p", "restaurant-server", "-p", "mcp-entra", "-p", "xtask"];

/// Compiles for each system, or says in one line what is missing.
pub(super) fn check(shell: &Shell) -> Result<()> {
    let sysroot = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    for System { target, cargo, needs } in SYSTEMS {
        let is_installed = Path::new(&sysroot).join("lib/rustlib").join(target).exists();
        let has_tool = cmd!(shell, "{needs} --version").quiet().ignore_stdout().ignore_stderr();
        if !is_installed || has_tool.run().is_err() {
            eprintln!("{target} is not checked: it needs `rustup target add {target}` and {needs}");
            continue;
        }
        cmd!(shell, "{cargo} check --locked --target {target} {PROGRAMS...}")
            .run()
            .with_context(|| format!("the programs do not compile for {target}"))?;
    }
    Ok(())
}
