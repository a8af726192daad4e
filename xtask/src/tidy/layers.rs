//! Which crate may depend on which.

use serde_json::Value;

use super::finding::Finding;

/// What one of our crates may name among its dependencies, those of its tests aside.
struct Layer {
    name: &'static str,
    /// Which of our other crates.
    ours: Ours,
    /// What belongs to other layers.
    never: &'static [&'static [&'static str]],
}

enum Ours {
    Only(&'static [&'static str]),
    Any,
}

const DATABASE: &[&str] =
    &["deadpool-diesel", "diesel", "diesel-async", "diesel_migrations", "tokio-postgres"];
const HTTP: &[&str] = &["axum", "http", "hyper", "reqwest", "tower", "tower-http"];
const PAGES: &[&str] = &["minijinja"];
const MCP: &[&str] = &["rmcp"];

const DOMAIN: Ours = Ours::Only(&["restaurant-domain"]);

const LAYERS: [Layer; 12] = [
    Layer {
        name: "restaurant-domain",
        ours: Ours::Only(&[]),
        never: &[DATABASE, HTTP, PAGES, MCP],
    },
    Layer { name: "restaurant-storage", ours: DOMAIN, never: &[HTTP, PAGES, MCP] },
    Layer { name: "restaurant-web", ours: DOMAIN, never: &[DATABASE, MCP] },
    Layer { name: "restaurant-mcp", ours: DOMAIN, never: &[DATABASE, PAGES] },
    Layer { name: "easyauth", ours: Ours::Only(&[]), never: &[DATABASE, PAGES, MCP] },
    Layer { name: "easyauth-emulator", ours: Ours::Only(&[]), never: &[DATABASE, PAGES, MCP] },
    Layer {
        name: "mcp-entra",
        ours: Ours::Only(&["auth-probe", "easyauth-emulator", "entra-admin"]),
        never: &[DATABASE, PAGES, MCP],
    },
    Layer { name: "restaurant-server", ours: Ours::Any, never: &[DATABASE, PAGES, MCP] },
    Layer { name: "auth-probe", ours: Ours::Only(&[]), never: &[DATABASE, PAGES] },
    Layer { name: "entra-admin", ours: Ours::Only(&[]), never: &[DATABASE, PAGES, MCP] },
    Layer {
        name: "restaurant-tests",
        ours: Ours::Only(&["auth-probe", "easyauth-emulator"]),
        never: &[],
    },
    Layer { name: "xtask", ours: Ours::Only(&[]), never: &[DATABASE, HTTP, PAGES, MCP] },
];

/// Checks the answer of `cargo metadata --no-deps`.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let packages = || metadata["packages"].as_array().into_iter().flatten();
    let ours: Vec<_> = packages().filter_map(|package| package["name"].as_str()).collect();
    packages().flat_map(|package| check_package(metadata, package, &ours)).collect()
}

fn check_package(metadata: &Value, package: &Value, ours: &[&str]) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let path = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
    let say = |message: String| Finding::new(path, 1, message);
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![say(format!("`{name}` has no place yet: give it one in xtask's layers"))];
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies
        .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
        .filter_map(|dependency| dependency["name"].as_str())
        .filter(|dependency| !layer.may_name(dependency, ours))
        .map(|dependency| say(format!("`{name}` may not depend on `{dependency}`")))
        .collect()
}

impl Layer {
    fn may_name(&self, dependency: &str, ours: &[&str]) -> bool {
        let inward = match self.ours {
            Ours::Only(allowed) => !ours.contains(&dependency) || allowed.contains(&dependency),
            Ours::Any => true,
        };
        inward && !self.never.iter().any(|group| group.contains(&dependency))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;

    fn findings(name: &str, dependencies: &Value) -> Vec<String> {
        let package = |name: &str, dependencies: &Value| {
            let manifest = format!("/repository/{name}/Cargo.toml");
            json!({ "name": name, "manifest_path": manifest, "dependencies": dependencies })
        };
        let storage = package("restaurant-storage", &json!([]));
        let packages = [package(name, dependencies), storage];
        let metadata = json!({ "workspace_root": "/repository", "packages": packages });
        check(&metadata).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_dependency_on_another_layer_is_found() {
        let wrong = json!([{ "name": "restaurant-storage", "kind": null }]);
        assert_eq!(
            findings("restaurant-web", &wrong),
            [
                "restaurant-web/Cargo.toml:1: `restaurant-web` may not depend on `restaurant-storage`"
            ]
        );
        let wrong = json!([{ "name": "diesel", "kind": null }, { "name": "serde", "kind": null }]);
        assert_eq!(findings("restaurant-mcp", &wrong).len(), 1);
        assert_eq!(findings("restaurant-domain", &json!([{ "name": "http" }])).len(), 1);
    }

    #[test]
    fn tests_may_depend_on_anything_and_a_binary_on_us_all() {
        let storage = json!([{ "name": "restaurant-storage", "kind": "dev" }]);
        assert!(findings("restaurant-web", &storage).is_empty());
        let storage = json!([{ "name": "restaurant-storage", "kind": null }]);
        assert!(findings("restaurant-server", &storage).is_empty());
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert_eq!(findings("restaurant-misc", &json!([])).len(), 1);
    }
}
