//! The changes of a command: each is reported, and made unless the command only plans.

use serde_json::Value;

use crate::{Admin, AdminError, Endpoint, Step, call::Call};

/// A command on its way: what it has changed so far, or would change.
#[derive(Debug)]
pub(crate) struct ChangeSet<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) steps: Vec<Step>,
}

impl<'a> ChangeSet<'a> {
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
        let answer = if self.admin.is_dry_run { Value::Null } else { graph.send(&call).await? };
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
