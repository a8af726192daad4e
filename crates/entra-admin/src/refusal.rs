//! Azure's error answers: which of them pass, and what the others mean.

use std::time::Duration;

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::{AdminError, endpoint::Call};

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    service: &'static str,
    method: Method,
    path: String,
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
        let codes = codes.filter_map(|it| it["code"].as_str().map(str::to_owned)).collect();
        let message = error["message"].as_str().unwrap_or("it does not say why");
        let retry_after = headers.get("retry-after").and_then(|it| it.to_str().ok()?.parse().ok());
        Self {
            service,
            method: call.method.clone(),
            path: call.path.clone(),
            status,
            codes,
            message: message.to_owned(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    /// When the request may be sent again, if it is worth it.
    pub(crate) fn passes_in(&self, call: &Call, pause: Duration) -> Option<Duration> {
        // What is created may be there in spite of a fault, so a POST goes again only if it was not looked at.
        let is_safe = call.method != Method::POST;
        let passes = match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => true,
            StatusCode::CONFLICT => is_safe && !self.has("Request_MultipleObjectsWithSameKeyValue"),
            status if status.is_server_error() => is_safe,
            _ => call.is_about_new && self.is_unknown(),
        };
        passes.then(|| self.retry_after.unwrap_or(pause))
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

    /// What it means, when all patience is over.
    pub(crate) fn explain_after(self, call: &Call, after: Duration) -> AdminError {
        match self.retry_after {
            Some(retry_after) if self.status == StatusCode::TOO_MANY_REQUESTS => {
                AdminError::Throttled { service: self.service, retry_after }
            }
            _ if call.is_about_new && self.is_unknown() => {
                AdminError::NotReplicated { path: self.path, after }
            }
            _ => self.explain(),
        }
    }

    /// What it means.
    pub(crate) fn explain(self) -> AdminError {
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
