//! The settings of writes: how much callers may write, for how long it can be undone, and whether a person confirms it.

use chrono::TimeDelta;
use clap::{ArgAction, Args, ValueEnum};
use restaurant_domain::Budget;
use restaurant_mcp::McpAdapter;

use super::value;
use crate::caller::Budgets;

/// Settings of writes.
#[derive(Debug, Clone, Args)]
pub struct WriteSettings {
    /// How much a program may write, also one that acts for a person: the most restaurants and reviews per minute, hour and day, for example `100/hour, 1000/day`. `0`: no limit. Each program is counted by its id, and for each person that it acts for, in the database: all instances together keep to it.
    #[arg(long, env = "WRITE_BUDGET_AGENT", global = true, default_value = "600/hour", value_parser = value::budget)]
    write_budget_agent: Budget,

    /// How much a person may write on the pages, in the same form.
    #[arg(long, env = "WRITE_BUDGET_PERSON", global = true, default_value = "0", value_parser = value::budget)]
    write_budget_person: Budget,

    /// For how many days the activity record keeps its entries. If not set, it keeps all.
    #[arg(long, env = "ACTIVITY_RETENTION", global = true, value_parser = value::whole(1..=36_500))]
    activity_retention: Option<u32>,

    /// For how many minutes authors may undo on the pages what they posted, or an agent for them. `0`: not at all. Later a moderator can hide it.
    #[arg(long, env = "UNDO_MINUTES", global = true, default_value = "10", value_parser = value::whole(0..=1440))]
    undo_minutes: u32,

    /// Which writes over MCP a person confirms first, where the client can ask one (elicitation): `never`, `agents` (also those of agents that act for a person) or `always`.
    #[arg(long, env = "CONFIRM_WRITES", global = true, value_enum, default_value_t = ConfirmWrites::Never)]
    confirm_writes: ConfirmWrites,

    /// Refuse the writes of `CONFIRM_WRITES` where the client cannot ask a person. Otherwise they are done without.
    #[arg(long, env = "REQUIRE_CONFIRMATION", global = true, action = ArgAction::Set, num_args = 0..=1,
        default_value_t = false, default_missing_value = "true", value_parser = value::flag)]
    require_confirmation: bool,
}

/// Which writes a person confirms first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ConfirmWrites {
    /// None.
    Never,
    /// Those of agents.
    Agents,
    /// All.
    Always,
}

impl WriteSettings {
    /// How much callers may write.
    pub fn budgets(&self) -> Budgets {
        Budgets { agent: self.write_budget_agent, person: self.write_budget_person }
    }

    /// For how long the activity record keeps its entries; `None`: for ever.
    pub fn activity_retention(&self) -> Option<TimeDelta> {
        self.activity_retention.map(|days| TimeDelta::days(days.into()))
    }

    /// The adapter with the rules for confirmations.
    pub fn confirmed(&self, adapter: McpAdapter) -> McpAdapter {
        let adapter = adapter.confirm_writes(match self.confirm_writes {
            ConfirmWrites::Never => restaurant_mcp::ConfirmWrites::Never,
            ConfirmWrites::Agents => restaurant_mcp::ConfirmWrites::Agents,
            ConfirmWrites::Always => restaurant_mcp::ConfirmWrites::Always,
        });
        if self.require_confirmation { adapter.require_confirmation() } else { adapter }
    }

    /// For how long authors may undo what they posted.
    pub fn undo_within(&self) -> TimeDelta {
        TimeDelta::minutes(self.undo_minutes.into())
    }
}
