//! The certificates of `--tls`, in a folder of the user's.

use std::{env, path::PathBuf};

use anyhow::{Context as _, Result};
use easyauth_emulator::Tls;

use super::Arguments;

/// Returns the certificates for every host name that the options give, or `None` without `--tls`.
pub(super) fn tls(arguments: &Arguments) -> Result<Option<Tls>> {
    let Some(folder) = folder(arguments)? else { return Ok(None) };
    let origins = arguments.public_origin.iter().chain(&arguments.cloud_public_origin);
    let hosts = origins.filter_map(|origin| host(origin)).map(str::to_owned);
    let addresses = [arguments.listen.ip(), arguments.cloud_listen.ip()];
    let addresses = addresses.into_iter().filter(|address| !address.is_unspecified());
    let names: Vec<_> = hosts
        .chain(arguments.allow_host.iter().cloned())
        .chain(addresses.map(|address| address.to_string()))
        .collect();
    let tls = Tls::in_folder(&folder, &names);
    tls.map(Some).with_context(|| format!("--tls: no certificates in {}", folder.display()))
}

/// Returns the file with the authority's certificate, or `None` without `--tls`.
pub(super) fn authority(arguments: &Arguments) -> Result<Option<PathBuf>> {
    Ok(folder(arguments)?.map(|folder| folder.join("ca.pem")))
}

fn folder(arguments: &Arguments) -> Result<Option<PathBuf>> {
    if !arguments.tls {
        return Ok(None);
    }
    if let Some(folder) = &arguments.tls_folder {
        return Ok(Some(std::path::absolute(folder)?));
    }
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) { variable("LOCALAPPDATA") } else { variable("XDG_DATA_HOME") };
    let data = data.or_else(|| Some(env::home_dir()?.join(".local/share")));
    let data = data.context("--tls: the user has no home folder; give --tls-folder")?;
    Ok(Some(data.join("mcp-entra")))
}

/// The host of an origin, without the port.
fn host(origin: &str) -> Option<&str> {
    let (_, authority) = origin.split_once("://")?;
    let authority = authority.trim_end_matches('/');
    let is_port = |port: &&str| port.bytes().all(|byte| byte.is_ascii_digit());
    match authority.rsplit_once(':').filter(|(_, port)| is_port(port)) {
        Some((host, _)) => Some(host),
        None => Some(authority),
    }
}
