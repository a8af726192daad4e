//! The steps of a change: each is told, and taken unless it is only tried.

use std::fmt;

use serde_json::Value;

use crate::{Admin, AdminError, Endpoint, endpoint::Call};

/// A change, and the call that makes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// What it does, in a few words for people.
    pub what: String,
    /// The method of the call.
    pub method: String,
    /// Its address.
    pub url: String,
    /// Its body, if it has one; secrets in it are replaced by a remark.
    pub body: Option<Value>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  {} {}", self.what, self.method, self.url)?;
        self.body.as_ref().map_or(Ok(()), |body| write!(f, "\n  {body}"))
    }
}

/// A command on its way: what it has changed so far, or would change.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) steps: Vec<Step>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(admin: &'a Admin) -> Self {
        Self { admin, steps: Vec::new() }
    }

    /// Changes something in the tenant; answers what Graph answers, and null where it is only tried.
    pub(crate) async fn change_tenant(
        &mut self,
        what: impl Into<String>,
        call: Call,
    ) -> Result<Value, AdminError> {
        let graph = &self.admin.graph;
        let answer = if self.admin.is_dry_run {
            Value::Null
        } else {
            graph.send(&call, self.admin.patience).await?
        };
        self.tell(graph, what.into(), &call, call.body.clone());
        Ok(answer)
    }

    /// Tells a step that was taken, or would be; `shown` is its body as people may see it.
    pub(crate) fn tell(
        &mut self,
        endpoint: &Endpoint,
        what: String,
        call: &Call,
        shown: Option<Value>,
    ) {
        let step = Step {
            what,
            method: call.method.to_string(),
            url: endpoint.address(&call.path),
            body: shown,
        };
        self.admin.tell(&step);
        self.steps.push(step);
    }
}
