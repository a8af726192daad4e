//! The options of the emulator.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

/// Emulate App Service Authentication, an issuer like Entra ID, and a part of Graph and Resource Manager.
///
/// It is a test double: it asks for no password, and its tokens are not valid anywhere else.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Arguments {
    /// The app to protect, for example `http://127.0.0.1:8000`. Default with COMMAND: a free port, which the app gets as PORT.
    #[arg(long, value_name = "URL", required_unless_present_any = ["issuer_only", "command"])]
    pub(super) upstream: Option<String>,

    /// Run without an app.
    #[arg(long, conflicts_with_all = ["upstream", "command"])]
    pub(super) issuer_only: bool,

    /// The gateway's address, on loopback unless --i-know-these-are-fake-credentials is given. Port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4280")]
    pub(super) listen: SocketAddr,

    /// The address of the issuer, Graph and Resource Manager, on loopback as --listen. Port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4281")]
    pub(super) cloud_listen: SocketAddr,

    /// A file with the authentication settings to deploy. Default: those that `setup` writes.
    #[arg(long, value_name = "FILE")]
    pub(super) auth_settings: Option<PathBuf>,

    /// A file with the tenant and its web apps, in TOML or, if its name ends with `.json`, in JSON. Default: a sample tenant.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["auth_settings", "access_token_version"])]
    pub(super) directory: Option<PathBuf>,

    /// Write each change that Graph and Resource Manager make to the file of --directory.
    #[arg(long, requires = "directory")]
    pub(super) save: bool,

    /// The web app of --directory that the gateway guards. Default: the only one.
    #[arg(long, value_name = "NAME", requires = "directory")]
    pub(super) site: Option<String>,

    /// Reject a token request whose `resource` is not an identifier URI of the app that owns the scope (AADSTS9010010), as some tenants do.
    #[arg(long)]
    pub(super) check_resource: bool,

    /// Reject a client that requests a token for itself by its identifier URI (AADSTS90009).
    #[arg(long)]
    pub(super) refuse_own_scope: bool,

    /// Reject a client that is not among the API's preauthorized ones (AADSTS65001), as a tenant without a consent does.
    #[arg(long)]
    pub(super) ask_consent: bool,

    /// A file that `mcp-entra record` wrote: where Azure's documentation is unclear, the emulator does what that deployment did.
    #[arg(long, value_name = "FILE")]
    pub(super) recorded: Option<PathBuf>,

    /// The version of the access tokens of the sample's API: 1 (issuer `sts.windows.net`), which is Entra's default, or 2.
    #[arg(long, value_name = "VERSION", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(super) access_token_version: u8,

    /// A host name to accept besides 127.0.0.1 and localhost. A web page that resolves such a name to this machine can then change every setting.
    #[arg(long, value_name = "NAME")]
    pub(super) allow_host: Vec<String>,

    /// An origin to accept besides those of this machine, such as `chrome-extension://…`.
    #[arg(long, value_name = "ORIGIN")]
    pub(super) allow_origin: Vec<String>,

    /// Serve HTTPS, which Microsoft's libraries require. A certificate authority is made for this purpose; its certificate is `ca.pem` in --tls-folder.
    #[arg(long)]
    pub(super) tls: bool,

    /// The folder with the certificates of --tls, which are made where they are missing. Default: `mcp-entra` in the user's folder for application data.
    #[arg(long, value_name = "FOLDER", requires = "tls")]
    pub(super) tls_folder: Option<PathBuf>,

    /// The origin under which clients reach the gateway, if it is not the one of --listen. Example: `https://app.test:4280`.
    #[arg(long, value_name = "ORIGIN")]
    pub(super) public_origin: Option<String>,

    /// The origin under which clients reach the issuer, Graph and Resource Manager, if it is not the one of --cloud-listen.
    #[arg(long, value_name = "ORIGIN")]
    pub(super) cloud_public_origin: Option<String>,

    /// Listen on addresses that other machines reach, and forward to an app on another machine, as in containers. Every machine that reaches the emulator gets every token of the tenant.
    #[arg(long)]
    pub(super) i_know_these_are_fake_credentials: bool,

    /// The app to start, as a command with its arguments after `--`. It gets the variables that App Service gives its apps, and the signals of this program, which ends with it. Without a command the variables are printed.
    #[arg(last = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}
