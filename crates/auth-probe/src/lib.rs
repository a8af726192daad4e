#![doc = include_str!("../README.md")]

mod auth_switch;
mod case;
mod client;
mod clock;
mod cloud;
mod context;
mod diagnosis;
mod event_stream;
mod forgery;
mod http_client;
mod mcp;
mod observation;
mod outcome;
mod policy;
mod probe;
mod profile;
mod redactor;
mod remedy;
mod report;
mod requirements;
mod session;
mod target;
mod token;
mod tokens;

pub use tokio_util::sync::CancellationToken;

pub use self::{
    auth_switch::{AuthSwitch, SavedSettings, SwitchError},
    case::Case,
    observation::Observation,
    policy::{Cell, Policy, Rule},
    probe::{Observer, Probe, Unreachable},
    profile::{LookError, Profile, ProfileError},
    remedy::{Remedy, Wording},
    report::{Baseline, CaseReport, NotReport, Report, Row, Verdict},
    requirements::{Authentication, Part, Writes},
    target::{AUTHORITY, Target, TargetError},
    token::{AccessToken, NotToken, TokenKind},
    tokens::{TokenError, TokenSource, Tokens},
};
