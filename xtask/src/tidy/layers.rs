//! The layers: which package may depend on which, as `.deny.toml` lists it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The packages that may name a crate among their dependencies, by the crate's name.
type Dependents = BTreeMap<String, Vec<String>>;

/// Checks the output of `cargo metadata --no-deps` against the text of `.deny.toml`.
///
/// # Errors
/// One of them is not what it is expected to be.
pub(super) fn check(metadata: &str, deny: &str) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let allowed = dependents(deny)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    Ok(packages.iter().flat_map(|package| check_package(package, &allowed)).collect())
}

fn dependents(deny: &str) -> Result<Dependents> {
    let deny: toml::Table = toml::from_str(deny)?;
    let entries = deny["bans"]["deny"].as_array().context(".deny.toml has no list bans.deny")?;
    let layers = entries.iter().filter_map(|entry| {
        let wrappers = entry.get("wrappers")?.as_array()?;
        let wrappers = wrappers.iter().filter_map(|name| Some(name.as_str()?.to_owned()));
        Some((entry.get("crate")?.as_str()?.to_owned(), wrappers.collect()))
    });
    Ok(layers.collect())
}

fn check_package(package: &Value, allowed: &Dependents) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let mut findings = Vec::new();
    if !allowed.contains_key(name) {
        findings.push(format!("`{name}` is not in the layers: add it to bans.deny"));
    }
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let on = dependency["name"].as_str().unwrap_or_default();
        let refused =
            allowed.get(on).is_some_and(|dependents| !dependents.iter().any(|it| it == name));
        if dependency["kind"] != "dev" && refused {
            findings.push(format!("`{name}` may not depend on `{on}`"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;

    const DENY: &str = r#"
        [bans]
        deny = [
            { crate = "openssl", use-instead = "rustls" },
            { crate = "web", wrappers = ["server"] },
            { crate = "server", wrappers = [] },
            { crate = "rmcp", wrappers = [] },
        ]
    "#;

    fn findings(name: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        let dependencies = [json!({ "name": dependency, "kind": kind })];
        let metadata = json!({ "packages": [{ "name": name, "dependencies": dependencies }] });
        check(&metadata.to_string(), DENY).unwrap()
    }

    #[test]
    fn a_dependency_on_another_layer_is_found() {
        assert_eq!(findings("web", "server", None), ["`web` may not depend on `server`"]);
        assert_eq!(findings("server", "rmcp", Some("build")).len(), 1);
        assert!(findings("server", "web", None).is_empty());
        assert!(findings("web", "serde", None).is_empty());
    }

    #[test]
    fn tests_may_depend_on_anything() {
        assert!(findings("web", "server", Some("dev")).is_empty());
    }

    #[test]
    fn a_package_without_a_place_is_found() {
        assert_eq!(findings("misc", "serde", None).len(), 1);
    }
}
