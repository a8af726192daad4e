//! The options of the emulator.

use std::{net::SocketAddr, path::PathBuf};

/// Emulates App Service Authentication and an Entra-like issuer on this machine, to try an app behind them.
///
/// It is a test double: it asks for no password, and its tokens are valid nowhere else.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The app to stand before, for example `http://127.0.0.1:8000`. Without it there is the issuer alone.
    #[arg(long, value_name = "URL", required_unless_present = "issuer_only")]
    pub(super) upstream: Option<String>,

    /// Stand before no app.
    #[arg(long, conflicts_with = "upstream")]
    pub(super) issuer_only: bool,

    /// Where the app is reached through the gateway: a loopback address. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4280")]
    pub(super) listen: SocketAddr,

    /// Where the issuer, Graph and ARM are reached: a loopback address. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4281")]
    pub(super) cloud_listen: SocketAddr,

    /// The settings of authentication, as they are deployed; the repository's `infra/authsettings.json` unless set.
    #[arg(long, value_name = "FILE")]
    pub(super) auth_settings: Option<PathBuf>,

    /// Refuse a token request whose `resource` is no identifier URI of the app that owns the scope (AADSTS9010010), as some deployments of Entra do.
    #[arg(long)]
    pub(super) check_resource: bool,

    /// A host name under which the emulator answers as well, besides 127.0.0.1 and localhost. A page that gets such a name for this machine may then change everything here.
    #[arg(long, value_name = "NAME")]
    pub(super) allow_host: Vec<String>,

    /// An origin whose pages may send requests as well, such as `chrome-extension://…`, besides those of this machine.
    #[arg(long, value_name = "ORIGIN")]
    pub(super) allow_origin: Vec<String>,
}
