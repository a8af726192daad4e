//! `mcp-entra setup`, `preauthorize`, `remove`, `list`, `doctor` and `why`: which clients may call a deployed app.

mod client;
mod connection;
mod remedy;
mod why;

use std::{io::IsTerminal as _, process::ExitCode};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use entra_admin::{
    Access, Admin, AdminError, AgentRole, ClientCredential, InteractiveClient, MissingGrant, Setup,
    Step,
};
use uuid::Uuid;

pub(crate) use self::connection::cloud;
use self::{client::interactive_client, connection::Connection, why::Why};
use crate::stdout::say;

/// The commands that administer a deployed app.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create the registration, its scope, app role, service principal and credential, and switch on the platform's authentication.
    Setup(With<SetUp>),
    /// Allow agents to call the app: assigns the app role and adds them to both lists of client applications.
    #[command(visible_alias = "allow")]
    Preauthorize(With<Preauthorize>),
    /// Take that permission away again.
    Remove(With<Agents>),
    /// List which clients may call the app, and what the others are missing.
    List(With<Nothing>),
    /// Name the first fault, and the command that corrects it.
    Doctor(With<Doctor>),
    /// Say which check refuses an access token under the live settings, and the command that corrects it. The token is sent nowhere.
    Why(With<Why>),
}

/// What a command does, and to which app.
#[derive(Args)]
pub(crate) struct With<T: Args> {
    #[command(flatten)]
    options: T,

    #[command(flatten)]
    connection: Connection,
}

/// No options.
#[derive(Args)]
pub(crate) struct Nothing {}

#[derive(Args)]
pub(crate) struct SetUp {
    /// The registration's name, which is made if there is none. One that is there already may be anybody's: it is refused unless the app uses it, --client-id or --adopt names it, or an earlier run of yours made it and broke off.
    #[arg(long, default_value = "Restaurant reviews", value_name = "NAME")]
    name: String,

    /// Continue with an existing registration of this name, made by any owner. Review it first; --client-id identifies it more clearly.
    #[arg(long)]
    adopt: bool,

    /// One more app role to define, for users: its value in tokens, such as Reviews.Moderate. May be repeated.
    #[arg(long, value_name = "ROLE", value_parser = role)]
    user_role: Vec<String>,

    /// The user-assigned managed identity by whose token the app proves itself to Entra; by object id or client id. No secret is needed then.
    #[arg(long, value_name = "ID", required_unless_present_any = ["client_secret", "client"])]
    identity: Option<Uuid>,

    /// Use a client secret instead. It is written to the app settings and is never shown.
    #[arg(long, conflicts_with = "identity")]
    client_secret: bool,

    /// Set up a client for people, in place of the app: `vscode`, `claude`, `chatgpt`, `copilot-studio`, or the client id of one that is registered already.
    #[arg(long, value_name = "CLIENT", value_parser = interactive_client, conflicts_with_all = ["identity", "client_secret", "name"])]
    client: Option<InteractiveClient>,

    /// A redirect address of the client, besides those that are known. May be given several times.
    #[arg(long = "redirect-uri", value_name = "ADDRESS", requires = "client")]
    redirect_uris: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Preauthorize {
    #[command(flatten)]
    agents: Agents,

    /// Take the permission away again, as the command remove does.
    #[arg(long)]
    remove: bool,
}

#[derive(Args)]
pub(crate) struct Agents {
    /// Service principals of any type, by object id or application id: those of Foundry's agents too.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<Uuid>,
}

#[derive(Args)]
pub(crate) struct Doctor {
    /// Agents that are to be allowed, by object id or application id.
    #[arg(value_name = "ID")]
    agents: Vec<Uuid>,

    /// Predict the sign-in of a client for people, in place of the first fault: `vscode`, `claude`, `chatgpt`, `copilot-studio`, or a client id.
    #[arg(long, value_name = "CLIENT", value_parser = interactive_client, conflicts_with = "agents")]
    client: Option<InteractiveClient>,

    /// A redirect address that the client sends, besides those that are known. May be given several times.
    #[arg(long = "redirect-uri", value_name = "ADDRESS", requires = "client")]
    redirect_uris: Vec<String>,

    /// The app's origin, whose metadata the client reads. Default: the web app's host name.
    #[arg(long, value_name = "URL", requires = "client")]
    url: Option<String>,
}

/// Runs the command. It exits with 0 when all is well, 1 when `doctor` or `why` finds something or something fails.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match command {
            Command::Setup(it) => match &it.options.client {
                Some(name) => client::set_up(name, &it.options, &it.connection).await,
                None => setup(&admin(&it.connection)?, &it.options).await,
            },
            Command::Preauthorize(it) if it.options.remove => {
                remove(&it.options.agents.ids, &it.connection).await
            }
            Command::Preauthorize(it) => allow(&it.options.agents.ids, &it.connection).await,
            Command::Remove(it) => remove(&it.options.ids, &it.connection).await,
            Command::List(it) => {
                admin(&it.connection)?.list().await?.iter().for_each(print_access);
                Ok(ExitCode::SUCCESS)
            }
            Command::Doctor(it) => match &it.options.client {
                Some(name) => client::doctor(name, &it.options, &it.connection).await,
                None => doctor(&admin(&it.connection)?, &it.options.agents, &it.connection).await,
            },
            Command::Why(it) => why::run(&it.options, &it.connection).await,
        }
    })
}

fn admin(connection: &Connection) -> Result<Admin> {
    Ok(connection.admin()?.with_observer(|step| say(step)))
}

async fn allow(ids: &[Uuid], connection: &Connection) -> Result<ExitCode> {
    let admin = admin(connection)?;
    let done = admin.preauthorize(ids).await?;
    done.identities.iter().for_each(|identity| say(format_args!("let in: {identity}")));
    conclude(&done.steps);
    tell_azd(&admin, connection).await
}

async fn remove(ids: &[Uuid], connection: &Connection) -> Result<ExitCode> {
    let admin = admin(connection)?;
    let removed = admin.remove(ids).await?;
    removed.identities.iter().for_each(|identity| say(format_args!("shut out: {identity}")));
    conclude(&removed.steps);
    tell_azd(&admin, connection).await
}

/// The value of an app role. Source: <https://learn.microsoft.com/graph/api/resources/approle>.
fn role(text: &str) -> Result<String, &'static str> {
    let is_role = (1..=120).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_role
        .then(|| text.to_owned())
        .ok_or("give 1 to 120 letters, digits and .-_, for example Reviews.Moderate")
}

async fn setup(admin: &Admin, set_up: &SetUp) -> Result<ExitCode> {
    let credential = match set_up.identity {
        Some(identity) => ClientCredential::ManagedIdentity(identity),
        None if set_up.client_secret => ClientCredential::ClientSecret,
        None => bail!("--identity or --client-secret is missing"),
    };
    let wanted = Setup { display_name: set_up.name.clone(), credential };
    let admin = admin.clone().adopting(set_up.adopt).with_user_roles(&set_up.user_role);
    let done = match admin.setup(&wanted).await {
        Err(AdminError::NotAdopted { name, client_id, exposures }) if is_attended() => {
            let error = AdminError::NotAdopted { name, client_id: client_id.clone(), exposures };
            eprint!("{error}\nType its client id to go on with it: ");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            match line.trim().parse() {
                Ok(id) if line.trim().eq_ignore_ascii_case(&client_id) => {
                    admin.with_client_id(id).setup(&wanted).await?
                }
                _ => return Err(error.into()),
            }
        }
        done => done?,
    };
    for found in &done.exposures {
        eprintln!("look at this: {found}");
    }
    if let Some(client_id) = done.client_id {
        say(format_args!("client id: {client_id}"));
    }
    conclude(&done.steps);
    Ok(ExitCode::SUCCESS)
}

/// Whether a person can answer questions of this program.
fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// An azd deployment writes the lists of clients anew, from a variable of its own. The line is for pasting, so nothing is in
/// it that is no id, whatever somebody wrote into the lists.
async fn tell_azd(admin: &Admin, connection: &Connection) -> Result<ExitCode> {
    if !connection.is_dry_run() {
        let listed = admin.list().await?.into_iter().filter(|it| !it.is_the_app && is_listed(it));
        let listed = listed.filter_map(|it| it.app_id.parse::<Uuid>().ok());
        let listed = listed.map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        say(format_args!(
            "where azd deploys the app, for the next time: azd env set ENTRA_ALLOWED_CLIENTS \"{listed}\""
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn is_listed(access: &Access) -> bool {
    let lists = [MissingGrant::AllowedApplications, MissingGrant::AllowedClientApplications];
    !access.missing_grants.iter().any(|lack| lists.contains(lack))
}

async fn doctor(admin: &Admin, agents: &[Uuid], connection: &Connection) -> Result<ExitCode> {
    match admin.doctor(agents).await? {
        None => {
            say("nothing is wrong");
            Ok(ExitCode::SUCCESS)
        }
        Some(finding) => {
            let remedy = remedy::wording(&finding.remedy, connection);
            say(format_args!("{}\n  to correct it: {remedy}", finding.problem));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn conclude(steps: &[Step]) {
    if steps.is_empty() {
        say("nothing was to be done");
    }
}

fn print_access(access: &Access) {
    let who = match &access.identity {
        Some(identity) => identity.to_string(),
        None => access.app_id.clone(),
    };
    let is_blueprint =
        access.identity.as_ref().is_some_and(|it| it.agent_role == AgentRole::Blueprint);
    if access.is_the_app {
        say(format_args!("{who}: the app itself, for people"));
    } else if is_blueprint && !access.missing_grants.contains(&MissingGrant::Role) {
        say(format_args!("{who}: gives the role to its agents, and makes no calls"));
    } else if access.inherits_from.is_some() && access.may_call() {
        say(format_args!("{who}: may call; it inherits the role"));
    } else if access.may_call() {
        say(format_args!("{who}: may call"));
    } else {
        let lacks: Vec<_> = access.missing_grants.iter().map(ToString::to_string).collect();
        say(format_args!("{who}: may not call; it lacks {}", lacks.join(", ")));
    }
}
