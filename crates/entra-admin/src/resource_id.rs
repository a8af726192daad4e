//! The resource id of a web app.

use crate::AdminError;

/// Checks that a text is the resource id of a web app.
pub(crate) fn check_resource_id(id: &str) -> Result<(), AdminError> {
    let parts: Vec<_> = id.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c))
    };
    let ["", subscriptions, _, groups, _, providers, provider, sites, _] = parts.as_slice() else {
        return Err(AdminError::ResourceId);
    };
    let said = [subscriptions, groups, providers, provider, sites].map(|it| it.to_lowercase());
    let is_web_app =
        said == ["subscriptions", "resourcegroups", "providers", "microsoft.web", "sites"];
    if is_web_app && parts[1..].iter().all(is_plain) { Ok(()) } else { Err(AdminError::ResourceId) }
}

#[cfg(test)]
mod tests {
    use super::check_resource_id;

    #[test]
    fn a_resource_id_is_taken_whole() {
        let good = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/a_b(1)/providers/Microsoft.Web/sites/app";
        assert!(check_resource_id(good).is_ok());
        assert!(check_resource_id(&good.to_lowercase()).is_ok());
        for wrong in [
            "",
            "app",
            &good[1..],
            &format!("{good}/"),
            &format!("{good}/slots/x"),
            &good.replace("Microsoft.Web", "Microsoft.Sql"),
            &good.replace("a_b(1)", "a b"),
            &good.replace("app", "a?b"),
        ] {
            assert!(check_resource_id(wrong).is_err(), "{wrong}");
        }
    }
}
