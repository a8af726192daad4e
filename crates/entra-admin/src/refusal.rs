//! Azure's error answers: which of them pass, and what the others mean.

use std::time::Duration;

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::{AdminError, call::Call, printable::printable};

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    service: &'static str,
    method: Method,
    path: String,
    is_repeatable: bool,
    is_about_new: bool,
    status: StatusCode,
    /// All codes, the outer one first.
    codes: Vec<String>,
    message: String,
    retry_after: Option<Duration>,
}

/// What Graph says of an object that the asked replica does not have yet.
const UNKNOWN: [&str; 3] = [
    "does not reference a valid application object",
    "Not a valid reference update",
    "was not found on application",
];

impl Refusal {
    pub(crate) fn new(
        service: &'static str,
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Value,
    ) -> Self {
        let error = &body["error"];
        let details = error["details"].as_array().into_iter().flatten();
        let codes = std::iter::once(error).chain(details);
        let codes = codes.filter_map(|it| it["code"].as_str().map(printable)).collect();
        let message = error["message"].as_str().unwrap_or("it does not say why");
        let retry_after = headers.get("retry-after").and_then(|it| it.to_str().ok()?.parse().ok());
        Self {
            service,
            method: call.method.clone(),
            path: call.path.clone(),
            is_repeatable: call.is_repeatable,
            is_about_new: call.is_about_new,
            status,
            codes,
            message: printable(message),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    /// Whether the request may succeed when it is sent again.
    pub(crate) fn is_transient(&self) -> bool {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => true,
            StatusCode::CONFLICT => {
                self.is_repeatable && !self.has("Request_MultipleObjectsWithSameKeyValue")
            }
            status if status.is_server_error() => self.is_repeatable,
            _ => self.is_about_new && self.is_unknown(),
        }
    }

    /// How long the service asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether another writer has changed the object since it was read.
    pub(crate) fn is_of_another_version(&self) -> bool {
        self.status == StatusCode::PRECONDITION_FAILED
    }

    fn is_unknown(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
            || self.status == StatusCode::BAD_REQUEST
                && (self.has("NoBackingApplicationObject")
                    || UNKNOWN.iter().any(|words| self.message.contains(words)))
    }

    fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|it| it == code)
    }

    /// What it means, after the request was sent again for some time where that could help.
    pub(crate) fn explain(self, after: Duration) -> AdminError {
        match self.retry_after {
            Some(retry_after) if self.status == StatusCode::TOO_MANY_REQUESTS => {
                AdminError::Throttled { service: self.service, retry_after }
            }
            _ if self.is_about_new && self.is_unknown() => {
                AdminError::NotReplicated { path: self.path, after }
            }
            _ => self.explain_code(),
        }
    }

    fn explain_code(self) -> AdminError {
        let Self { service, method, path, message, .. } = self;
        let has = |code: &str| self.codes.iter().any(|it| it == code);
        match self.status {
            StatusCode::UNAUTHORIZED => AdminError::TokenRefused { service },
            _ if has("Authorization_RequestDenied") => AdminError::RequestDenied { method, path },
            _ if has("AuthorizationFailed") => AdminError::AuthorizationFailed { method, path },
            _ if has("ResourceNotFound")
                || has("ResourceGroupNotFound")
                || has("SubscriptionNotFound") =>
            {
                AdminError::WebAppMissing { path }
            }
            _ if has("InvalidAppId") => AdminError::InvalidAppId { message },
            _ if has("HostNameNotOnVerifiedDomain") => AdminError::UnverifiedDomain { message },
            _ if has("Request_MultipleObjectsWithSameKeyValue")
                || has("ObjectConflict")
                || has("DuplicateValue")
                || message.contains("already exists") =>
            {
                AdminError::Duplicate { message }
            }
            status => {
                let code = self.codes.into_iter().next().unwrap_or_default();
                AdminError::Refused {
                    service,
                    status: status.as_u16(),
                    code,
                    method,
                    path,
                    message,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::{Method, StatusCode, header::HeaderMap};
    use serde_json::{Value, json};

    use super::Refusal;
    use crate::{AdminError, call::Call};

    fn refusal(status: u16, body: &Value) -> Refusal {
        let call = Call::new(Method::PATCH, "/v1.0/applications/1", Value::Null);
        refusal_of(&call, status, body)
    }

    fn refusal_of(call: &Call, status: u16, body: &Value) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap();
        Refusal::new("Microsoft Graph", call, status, &HeaderMap::new(), body)
    }

    fn explained(status: u16, code: &str, message: &str) -> AdminError {
        refusal(status, &json!({ "error": { "code": code, "message": message } }))
            .explain(Duration::ZERO)
    }

    #[test]
    fn each_known_fault_has_a_sentence_of_its_own() {
        let denied = explained(403, "Authorization_RequestDenied", "Insufficient privileges");
        assert!(matches!(denied, AdminError::RequestDenied { .. }), "{denied}");
        assert!(denied.to_string().contains("Application Administrator"), "{denied}");
        let failed = explained(403, "AuthorizationFailed", "does not have authorization");
        assert!(matches!(failed, AdminError::AuthorizationFailed { .. }), "{failed}");
        let missing = explained(404, "ResourceNotFound", "was not found");
        assert!(matches!(missing, AdminError::WebAppMissing { .. }), "{missing}");
        let expired = explained(401, "InvalidAuthenticationToken", "Lifetime validation failed");
        assert!(matches!(expired, AdminError::TokenRefused { .. }), "{expired}");
        let not_app = explained(400, "InvalidAppId", "references applications 1");
        assert!(matches!(not_app, AdminError::InvalidAppId { .. }), "{not_app}");
        let domain = explained(400, "HostNameNotOnVerifiedDomain", "must use a verified domain");
        assert!(matches!(domain, AdminError::UnverifiedDomain { .. }), "{domain}");
        for (status, code) in [
            (409, "Request_MultipleObjectsWithSameKeyValue"),
            (400, "ObjectConflict"),
            (400, "DuplicateValue"),
        ] {
            let same = explained(status, code, "same value");
            assert!(matches!(same, AdminError::Duplicate { .. }), "{code}: {same}");
        }
        let other = explained(400, "Request_BadRequest", "Invalid value");
        let text = "Microsoft Graph answers 400 Request_BadRequest to PATCH /v1.0/applications/1: Invalid value";
        assert_eq!(other.to_string(), text);
    }

    #[test]
    fn a_finer_code_counts_too() {
        let detail = json!([{ "code": "InvalidAppId" }]);
        let error = json!({ "code": "Request_BadRequest", "message": "x", "details": detail });
        let error = refusal(400, &json!({ "error": error })).explain(Duration::ZERO);
        assert!(matches!(error, AdminError::InvalidAppId { .. }), "{error}");
    }

    #[test]
    fn only_what_passes_is_asked_again() {
        let passes = |status: u16, method: Method, is_about_new: bool| {
            let call = Call { is_about_new, ..Call::new(method, "/", Value::Null) };
            refusal_of(&call, status, &Value::Null).is_transient()
        };
        for status in [429, 503] {
            assert!(passes(status, Method::POST, false), "{status}");
        }
        for status in [409, 500, 502] {
            assert!(passes(status, Method::PUT, false), "{status}");
            assert!(!passes(status, Method::POST, false), "{status}");
        }
        assert!(passes(404, Method::POST, true) && !passes(404, Method::POST, false));
        assert!(!passes(400, Method::POST, true) && !passes(403, Method::GET, true));
    }
}
