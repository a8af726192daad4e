//! The settings document of App Service Authentication, `authsettingsV2`: read and merged, never thrown away.

use serde_json::{Map, Value, json};

/// `properties` of the document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuthSettings(pub(crate) Value);

/// Ways into the document.
pub(crate) mod at {
    pub(crate) const CONFIG_FILE: &str = "platform/configFilePath";
    pub(crate) const ENABLED: &str = "platform/enabled";
    pub(crate) const RUNTIME: &str = "platform/runtimeVersion";
    pub(crate) const REQUIRED: &str = "globalValidation/requireAuthentication";
    pub(crate) const ACTION: &str = "globalValidation/unauthenticatedClientAction";
    pub(crate) const EXCLUDED: &str = "globalValidation/excludedPaths";
    pub(crate) const PROVIDER: &str = "identityProviders/azureActiveDirectory/enabled";
    pub(crate) const ISSUER: &str =
        "identityProviders/azureActiveDirectory/registration/openIdIssuer";
    pub(crate) const CLIENT_ID: &str =
        "identityProviders/azureActiveDirectory/registration/clientId";
    pub(crate) const SECRET_NAME: &str =
        "identityProviders/azureActiveDirectory/registration/clientSecretSettingName";
    pub(crate) const AUDIENCES: &str =
        "identityProviders/azureActiveDirectory/validation/allowedAudiences";
    /// The documented list of client applications.
    pub(crate) const POLICY: &str = "identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedApplications";
    /// The other list of client applications, which is in Resource Manager's schema.
    pub(crate) const CHECKS: &str = "identityProviders/azureActiveDirectory/validation/jwtClaimChecks/allowedClientApplications";
    /// The lists of groups.
    pub(crate) const GROUPS: &str = "identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedPrincipals/groups";
    pub(crate) const CHECKED_GROUPS: &str =
        "identityProviders/azureActiveDirectory/validation/jwtClaimChecks/allowedGroups";
    /// The list of object ids; each caller has to be in it as soon as anybody is.
    pub(crate) const IDENTITIES: &str = "identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedPrincipals/identities";
}

/// Both lists of client applications: the platform allows a client that is in each list that is not empty.
pub(crate) const CLIENT_LISTS: [&str; 2] = [at::POLICY, at::CHECKS];

impl AuthSettings {
    /// The value at a way; null where nothing is.
    pub(crate) fn get(&self, way: &str) -> &Value {
        way.split('/').fold(&self.0, |value, name| &value[name])
    }

    pub(crate) fn text(&self, way: &str) -> &str {
        self.get(way).as_str().unwrap_or_default()
    }

    pub(crate) fn is_on(&self, way: &str) -> bool {
        self.get(way) == &json!(true)
    }

    pub(crate) fn list(&self, way: &str) -> Vec<&str> {
        self.get(way).as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether a list has an entry; ids have no case.
    pub(crate) fn names(&self, way: &str, entry: &str) -> bool {
        self.list(way).iter().any(|it| it.eq_ignore_ascii_case(entry))
    }

    pub(crate) fn set(&mut self, way: &str, new: Value) {
        set(&mut self.0, way, new);
    }

    /// Adds an entry to a list that does not have it.
    pub(crate) fn add(&mut self, way: &str, entry: &str) {
        if !self.names(way, entry) {
            let mut list: Vec<_> = self.list(way).into_iter().map(str::to_owned).collect();
            list.push(entry.to_owned());
            self.set(way, json!(list));
        }
    }

    /// Takes an entry out of a list.
    pub(crate) fn take(&mut self, way: &str, entry: &str) {
        if self.names(way, entry) {
            let list = self.list(way).into_iter().filter(|it| !it.eq_ignore_ascii_case(entry));
            let list: Vec<_> = list.map(str::to_owned).collect();
            self.set(way, json!(list));
        }
    }

    /// Sets what is not set yet as `defaults` has it.
    pub(crate) fn fill(&mut self, defaults: &Value) {
        fill(&mut self.0, defaults);
    }

    /// Gives a list without entries those of the other one, or else the app itself: an empty list lets in any client of
    /// the tenant, and the first entry would shut out whoever the other list lets in.
    pub(crate) fn shut_empty_lists(&mut self, own_client_id: &str) {
        let [policy, checks] = CLIENT_LISTS.map(|way| self.list(way).len());
        if policy == 0 && checks == 0 {
            for way in CLIENT_LISTS {
                self.add(way, own_client_id);
            }
        } else if policy == 0 {
            self.set(at::POLICY, self.get(at::CHECKS).clone());
        } else if checks == 0 {
            self.set(at::CHECKS, self.get(at::POLICY).clone());
        }
    }
}

/// Sets what is at a way, and makes the way where there is none.
pub(crate) fn set(mut value: &mut Value, way: &str, new: Value) {
    for name in way.split('/') {
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        value = &mut value[name];
    }
    *value = new;
}

fn fill(value: &mut Value, defaults: &Value) {
    match (value, defaults) {
        (value @ Value::Null, defaults) => *value = defaults.clone(),
        (Value::Object(members), Value::Object(defaults)) => {
            for (name, default) in defaults {
                fill(members.entry(name.clone()).or_insert(Value::Null), default);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AuthSettings, at};

    #[test]
    fn what_is_set_stays_and_what_is_not_is_filled_in() {
        let mut settings = AuthSettings(json!({ "login": { "a": null, "b": [] }, "c": false }));
        settings.fill(&json!({ "login": { "a": 1, "b": [2], "d": {} }, "c": true, "e": "f" }));
        let filled = json!({ "login": { "a": 1, "b": [], "d": {} }, "c": false, "e": "f" });
        assert_eq!(settings.0, filled);
    }

    #[test]
    fn an_entry_is_in_a_list_once_whatever_its_case() {
        let mut settings = AuthSettings(json!(null));
        settings.add(at::POLICY, "ab");
        settings.add(at::POLICY, "AB");
        settings.add(at::POLICY, "cd");
        assert_eq!(settings.list(at::POLICY), ["ab", "cd"]);
        settings.take(at::POLICY, "AB");
        assert_eq!(settings.list(at::POLICY), ["cd"]);
    }
}
