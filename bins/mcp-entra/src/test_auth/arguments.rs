//! The options of `test-auth`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::Result;
use auth_probe::{Authentication, Case, Policy, Profile, TokenKind, TokenSource};
use clap::Args;
use entra_admin::AzureCloud;
use uuid::Uuid;

use crate::entra::cloud;

use super::{credentials::Credentials, output::Output, read, usage};

/// Prove, case by case, that an app accepts allowed callers only.
///
/// Exit code: 0 all cases passed or were skipped on purpose, 1 a case or a cell of the policy failed or something opened since the baseline, 2 wrong usage, 3 the app or a token is unavailable or no case was judged, 130 interrupted. docs/test-auth.md describes each case.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Arguments {
    /// The app's origin: https:// and a host, without a path. Plain http is accepted for loopback addresses only.
    #[arg(value_name = "URL", conflicts_with = "url")]
    address: Option<String>,

    /// The same as URL.
    #[arg(long, value_name = "URL", required_unless_present_any = ["address", "list", "dry_run"])]
    url: Option<String>,

    /// A file that describes the server, in TOML: its paths, tools and calls. `mcp-entra profile` writes one. Default: an app of restaurants and reviews.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// A file with the rules of who may call which tool, in TOML. Each cell is called and judged.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The file with the token of an identity of the policy. `anonymous`, and identities that are named as a KIND of --token, need none.
    #[arg(long = "identity", value_name = "NAME=FILE", requires = "policy")]
    identities: Vec<String>,

    /// The Entra tenant's id.
    #[arg(long, env = "AZURE_TENANT_ID", value_name = "ID")]
    pub(super) tenant: Option<Uuid>,

    /// The client id of the app's own registration.
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<Uuid>,

    /// The path of the MCP endpoint. Default: the first one of the profile (/mcp/mcp).
    #[arg(long, value_name = "PATH")]
    pub(super) mcp_path: Option<String>,

    /// The app role that programs need. Default: that of the profile (MCP.Access).
    #[arg(long, value_name = "ROLE")]
    pub(super) role: Option<String>,

    /// The cloud: `AzureCloud`, `AzureChinaCloud` or `AzureUSGovernment`. Default: that of --authority, or else the public one.
    #[arg(long, value_name = "NAME", value_parser = cloud)]
    cloud: Option<AzureCloud>,

    /// The authority host of Entra ID. Default: that of the cloud. The issuers and the address of Azure Resource Manager follow from it.
    #[arg(long, env = "AZURE_AUTHORITY_HOST", value_name = "URL")]
    authority: Option<String>,

    #[command(flatten)]
    pub(super) credentials: Credentials,

    #[command(flatten)]
    pub(super) switching: Switching,

    #[command(flatten)]
    pub(super) cases: Cases,

    /// Run the cases of group C with the Python package `mcp` too. It is installed into the user's cache folder.
    #[arg(long, num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_name = "BOOL", action = clap::ArgAction::Set)]
    pub(super) python: bool,

    /// With --python, an interpreter in which the package is installed.
    #[arg(long, value_name = "FILE")]
    pub(super) python_interpreter: Option<PathBuf>,

    /// List the cases and send nothing.
    #[arg(long)]
    pub(super) list: bool,

    /// Print what would be sent, and send nothing.
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Skip the requests that write: A7, A8, B10, B11, D26, and the write of C2.
    #[arg(long)]
    pub(super) no_writes: bool,

    /// The time limit of a case in seconds: more than 0, at most 600.
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Duration,

    /// The time limit in seconds for an app that starts or changes its authentication: more than 0, at most 600.
    #[arg(long, default_value = "300", value_name = "SECONDS", value_parser = seconds)]
    pub(super) patience: Duration,

    #[command(flatten)]
    pub(super) output: Output,
}

impl Arguments {
    /// Returns the app's origin.
    pub(super) fn url(&self) -> Option<&str> {
        self.address.as_deref().or(self.url.as_deref())
    }

    /// Returns the profile of the file, or the built-in one.
    ///
    /// # Errors
    /// The file cannot be read, or is no profile.
    pub(super) fn profile(&self) -> Result<Profile> {
        let Some(file) = &self.profile else { return Ok(Profile::built_in()) };
        read("--profile", file, str::parse)
    }

    /// Returns the policy of the file, if one was given.
    ///
    /// # Errors
    /// The file cannot be read, or is no policy.
    pub(super) fn policy(&self) -> Result<Option<Policy>> {
        let Some(file) = &self.policy else { return Ok(None) };
        read("--policy", file, str::parse).map(Some)
    }

    /// Returns the tokens of the policy's identities.
    ///
    /// # Errors
    /// One is not written as NAME=FILE.
    pub(super) fn identities(&self) -> Result<BTreeMap<String, TokenSource>> {
        let source = |given: &String| match given.split_once('=') {
            Some((name, file)) => Ok((name.to_owned(), TokenSource::File(file.into()))),
            None => usage(format!("--identity {given}: write NAME=FILE")),
        };
        self.identities.iter().map(source).collect()
    }

    /// Returns the named cloud, or that of the authority.
    pub(super) fn cloud(&self) -> AzureCloud {
        let of_authority = || AzureCloud::of_authority(self.authority.as_deref()?);
        self.cloud.or_else(of_authority).unwrap_or_default()
    }

    /// Returns the given authority host, or that of the cloud.
    pub(super) fn authority(&self) -> &str {
        self.authority.as_deref().unwrap_or_else(|| self.cloud().authority())
    }
}

/// The options for the cases that need authentication off.
#[derive(Args)]
#[command(next_help_heading = "Cases without authentication")]
pub(super) struct Switching {
    /// Run the cases of group A and C1 too. This disables authentication for every caller while they run, and enables it again afterwards. The settings are saved to a file first.
    #[arg(long, requires = "resource_id")]
    pub(super) allow_disabling_auth: bool,

    /// The web app's resource ID: /subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/NAME.
    #[arg(long, value_name = "ID")]
    pub(super) resource_id: Option<String>,

    /// The web app's name, which confirms that its authentication may be disabled. Without it, a terminal is asked.
    #[arg(long, value_name = "NAME")]
    pub(super) confirm: Option<String>,

    /// A file with an access token for Azure Resource Manager. Default: a token from the Azure CLI.
    #[arg(long, value_name = "FILE")]
    pub(super) arm_token_file: Option<PathBuf>,

    /// The address of Azure Resource Manager. Default: that of the cloud.
    #[arg(long, value_name = "URL")]
    pub(super) resource_manager: Option<String>,

    /// The folder for the copy of the settings that is saved before a change.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub(super) settings_folder: PathBuf,
}

/// The selection of cases.
#[derive(Args)]
#[command(next_help_heading = "Cases")]
pub(super) struct Cases {
    /// Run only the cases of these groups: A, B, C, D.
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    group: Vec<String>,

    /// Run only these cases, such as B4, in addition to those of --group.
    #[arg(long, value_name = "CASE", value_delimiter = ',')]
    case: Vec<String>,

    /// Skip these cases.
    #[arg(long, value_name = "CASE", value_delimiter = ',')]
    skip: Vec<String>,
}

impl Cases {
    /// Returns the selected cases.
    pub(super) fn select(&self) -> Result<Vec<&'static Case>> {
        let mut wanted = Vec::new();
        for group in &self.group {
            let of_group = |case: &&Case| group.eq_ignore_ascii_case(&case.group().to_string());
            let before = wanted.len();
            wanted.extend(Case::all().filter(of_group).map(|case| case.id));
            if wanted.len() == before {
                return usage(format!("--group {group}: there are the groups A, B, C and D"));
            }
        }
        wanted.extend(ids("--case", &self.case)?);
        if self.group.is_empty() && self.case.is_empty() {
            wanted.extend(Case::all().map(|case| case.id));
        }
        let skipped = ids("--skip", &self.skip)?;
        let cases: Vec<_> = Case::all()
            .filter(|case| wanted.contains(&case.id) && !skipped.contains(&case.id))
            .collect();
        if cases.is_empty() { usage("--skip leaves no case") } else { Ok(cases) }
    }
}

fn ids(option: &str, given: &[String]) -> Result<Vec<&'static str>> {
    let id = |id: &String| match Case::by_id(id) {
        Some(case) => Ok(case.id),
        None => usage(format!("{option} {id}: there is no such case; --list shows them")),
    };
    given.iter().map(id).collect()
}

/// Returns whether a case needs a token that a credential supplies.
pub(super) fn needs_credential(case: &Case) -> bool {
    let brought = [TokenKind::Good, TokenKind::WrongAudience];
    case.authentication == Authentication::On && brought.iter().any(|it| case.tokens.contains(it))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "give a number of seconds, more than 0 and at most 600".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if seconds > 0.0 && seconds <= 600.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(wrong())
    }
}
