//! The tools that a profile names, and how they are called.

use serde_json::{Value, json};

use super::{Members, Profile, Values, Write};
use crate::{Case, Part};

impl Profile {
    /// The tools that a case calls by the parts of the profile that it needs.
    #[must_use]
    pub fn tools_of(&self, case: &Case) -> Vec<&str> {
        let of_part = |part: &Part| match part {
            Part::Read => [self.read.as_ref().map(|it| &it.tool), None],
            Part::Details => [self.details.as_ref().map(|it| &it.tool), None],
            Part::Write => tools_of_write(self.write.as_ref()),
            Part::Parent => tools_of_write(self.parent.as_ref()),
            Part::Pages | Part::RootMetadata | Part::SuffixMetadata => [None, None],
        };
        case.needs.iter().flat_map(of_part).flatten().map(String::as_str).collect()
    }

    /// The parameters of a call that reads: the one of `[read]`, or else of any tool.
    pub(crate) fn reading(&self) -> Value {
        match &self.read {
            Some(read) => json!({"name": read.tool, "arguments": read.arguments}),
            None => {
                json!({"name": self.mcp.tools.first().map_or("any", String::as_str), "arguments": {}})
            }
        }
    }

    /// The parameters of a call for the details of the first item.
    pub(crate) fn details(&self) -> Option<Value> {
        let details = self.details.as_ref()?;
        let arguments = Values::default().with("id", 1).fill_all(&details.arguments);
        Some(json!({"name": details.tool, "arguments": arguments}))
    }

    /// The names of the tools that it has.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &str> {
        let writes = [&self.write, &self.parent].into_iter().flatten();
        let writes = writes.flat_map(|it| [&it.tool, &it.read_back.tool]);
        let reads = self.read.as_ref().map(|it| &it.tool).into_iter();
        let reads = reads.chain(self.details.as_ref().map(|it| &it.tool));
        self.mcp.tools.iter().chain(reads).chain(writes).map(String::as_str)
    }

    /// Whether the profile calls a tool to read and never to write.
    pub(crate) fn only_reads(&self, tool: &str) -> bool {
        let mut writes = [&self.write, &self.parent].into_iter().flatten();
        let reads = self.read.as_ref().is_some_and(|it| it.tool == tool);
        let reads = reads || self.details.as_ref().is_some_and(|it| it.tool == tool);
        reads && !writes.any(|it| it.tool == tool)
    }

    /// The arguments with which the profile calls a tool.
    pub(crate) fn arguments_of(&self, tool: &str) -> Option<&Members> {
        let writes = [&self.write, &self.parent].into_iter().flatten();
        let writes = writes.map(|it| (&it.tool, &it.arguments));
        let read = self.read.iter().map(|it| (&it.tool, &it.arguments));
        let details = self.details.iter().map(|it| (&it.tool, &it.arguments));
        let mut all = read.chain(details).chain(writes);
        all.find(|(name, _)| *name == tool).map(|(_, arguments)| arguments)
    }
}

fn tools_of_write(write: Option<&Write>) -> [Option<&String>; 2] {
    [write.map(|it| &it.tool), write.map(|it| &it.read_back.tool)]
}
