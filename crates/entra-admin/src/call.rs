//! A request to Azure, and its response.

use reqwest::Method;
use serde_json::Value;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// With the query.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// Whether it may be sent twice. What a POST creates may be there in spite of a fault.
    pub(crate) is_repeatable: bool,
    /// Whether it is about what may be too new to be known everywhere, so that "not found" passes.
    pub(crate) is_about_new: bool,
    /// The version that it is for, if it is for one alone.
    pub(crate) version: Option<String>,
}

/// An answer with success.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// Null where there is none.
    pub(crate) body: Value,
    /// The version of what is in it (`ETag`), where the service tells it.
    pub(crate) version: Option<String>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, Value::Null)
    }

    pub(crate) fn new(method: Method, path: impl Into<String>, body: Value) -> Self {
        let body = Some(body).filter(|body| !body.is_null());
        let is_repeatable = method != Method::POST;
        let (path, is_about_new, version) = (path.into(), false, None);
        Self { method, path, body, is_repeatable, is_about_new, version }
    }

    /// It changes nothing, whatever its method.
    pub(crate) fn reading(self) -> Self {
        Self { is_repeatable: true, ..self }
    }

    /// It is for a version alone, where there is one.
    pub(crate) fn if_match(&self, version: Option<String>) -> Self {
        Self { version, ..self.clone() }
    }

    /// It is about something that is there, though maybe not everywhere yet.
    pub(crate) fn about_new(self) -> Self {
        Self { is_about_new: true, ..self }
    }
}
