#![doc = include_str!("../README.md")]

mod case;
mod client;
mod cloud;
mod context;
mod credential;
mod diagnosis;
mod forgery;
mod mcp;
mod probe;
mod report;
mod target;
mod token;
mod tokens;
mod web_app;
mod wire;

pub use tokio_util::sync::CancellationToken;

pub use self::{
    case::{Authentication, Case, Writes},
    credential::Identity,
    probe::{Observer, Probe, Unreachable},
    report::{CaseReport, Report, Row, Verdict},
    target::{AUTHORITY, Target, TargetError},
    token::{AccessToken, NotToken, TokenKind},
    tokens::{TokenError, TokenSource, Tokens},
    web_app::{RESOURCE_MANAGER, WebApp, WebAppError},
};
