//! Requests whose target is sent as it is written: a URL library removes dot segments and turns backslashes round.

use std::{error::Error, sync::Arc};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::Bytes,
    header::{CONNECTION, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{Answer, CONNECT_TIMEOUT, MAX_BYTES, NoAnswer, Request, USER_AGENT};

/// Sends a request over a connection of its own, by HTTP/1.1 and by no proxy.
pub(super) async fn send(request: &Request, target: &str) -> Result<Answer, NoAnswer> {
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, connect(&request.url));
    let stream = stream.await.map_err(|_| NoAnswer::Unreachable("no connection in time".into()))?;
    let stream = stream.map_err(|error| unreachable(&*error))?;
    if request.url.scheme() != "https" {
        return exchange(request, target, stream).await;
    }
    let secured = secure(&request.url, stream).await;
    exchange(request, target, secured.map_err(|error| unreachable(&*error))?).await
}

type AnyError = Box<dyn Error + Send + Sync>;

fn unreachable(error: &(dyn Error + Send + Sync)) -> NoAnswer {
    NoAnswer::Unreachable(error.to_string())
}

async fn connect(url: &Url) -> Result<TcpStream, AnyError> {
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(TcpStream::connect((host(url), port)).await?)
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
}

/// TLS with the certificates that this machine trusts.
async fn secure(
    url: &Url,
    stream: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, AnyError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    let name = ServerName::try_from(host(url).to_owned())?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

async fn exchange<S>(request: &Request, target: &str, stream: S) -> Result<Answer, NoAnswer>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |error: &dyn Error| NoAnswer::Broken(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let message = message(request, target)?;
    let answer = async {
        let response = sender.send_request(message).await.map_err(|error| broken(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BYTES).collect().await;
        let body = body.map_err(|error| broken(&*error))?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        let had_token = request.token.is_some();
        Ok(Answer { status: head.status, headers: head.headers, body, had_token })
    };
    let answer = std::pin::pin!(answer);
    let connection = std::pin::pin!(connection);
    match futures_util::future::select(answer, connection).await {
        futures_util::future::Either::Left((answer, _)) => answer,
        // The connection may end before its last answer is read.
        futures_util::future::Either::Right((_, answer)) => answer.await,
    }
}

fn message(request: &Request, target: &str) -> Result<hyper::Request<Full<Bytes>>, NoAnswer> {
    let unsendable = |what: &str| NoAnswer::Unreachable(format!("{what} cannot be sent"));
    let body = Full::new(Bytes::from(request.body.clone().unwrap_or_default()));
    let mut message = hyper::Request::new(body);
    *message.method_mut() = request.method.clone();
    *message.version_mut() = request.version.unwrap_or_default();
    *message.uri_mut() = target.parse().map_err(|_| unsendable("the target"))?;
    let headers = message.headers_mut();
    headers.clone_from(&request.headers);
    let host = request.url.authority();
    headers.insert(HOST, HeaderValue::try_from(host).map_err(|_| unsendable("the host"))?);
    headers.insert(hyper::header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(message)
}
