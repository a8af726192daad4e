//! Serves the garden on loopback: `TENANT=… API=… CLIENT=… cargo run`.

use std::{env, error::Error, net::Ipv4Addr};

use easyauth::{Authenticator, EntraTokenValidator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let validator = EntraTokenValidator::builder(&env::var("TENANT")?, &env::var("API")?);
    let validator = validator.allow_client(&env::var("CLIENT")?).build()?;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, json_api::service(Authenticator::new(validator), None)).await?;
    Ok(())
}
