//! The contract of the garden, and the tests of it that each missing layer or setting turns red.

use std::{collections::BTreeSet, env, process::Command};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth::{
    Authenticator, AuthnError, ClientPrincipalHeader, EntraTokenValidator, Outcome, Principal,
    PrincipalKind, Scheme,
    testing::{Call, Gate, TestIssuer},
};
use http::{HeaderMap, header::AUTHORIZATION};
use json_api::{Layer, READ, WRITE, service};
use serde_json::json;

/// The environment variable that names what is left out.
const LEFT_OUT: &str = "LEFT_OUT";

mod contract {
    easyauth::gate_contract!(super::gate(std::env::var(super::LEFT_OUT).ok().as_deref()));
}

fn gate(left_out: Option<&str>) -> Gate {
    let layer = left_out.and_then(layer);
    let left_out = left_out.unwrap_or_default().to_owned();
    let platform = left_out.clone();
    let add = Call::post("/plants", json!({ "name": "rose" }));
    Gate::new(Call::get("/plants"), READ, READ)
        .hides(add, WRITE)
        .public(Call::get("/"))
        .with_tokens(move |issuer| service(tokens(issuer, &left_out), layer))
        .behind_platform(move || {
            let header = ClientPrincipalHeader::new();
            let authenticator = match &*platform {
                "tenant" => Authenticator::new(header),
                "strictness" => Authenticator::new(Lenient),
                _ => Authenticator::new(header.tenant(TestIssuer::TENANT)),
            };
            service(authenticator, layer)
        })
}

/// The scheme for access tokens, without one of its settings.
fn tokens(issuer: TestIssuer, left_out: &str) -> Authenticator {
    let validator = issuer.validator().allow_client(TestIssuer::CLIENT);
    let validator = match left_out {
        "validation" => return Authenticator::new(Unverified),
        "tenant" => validator.allow_tenant_if(|_| true),
        "audience" => validator.audience(TestIssuer::OTHER_API),
        "client" => validator.allow_any_client(),
        _ => validator,
    };
    let validator = validator.build().unwrap();
    match left_out {
        "credentials" => Authenticator::new(Anonymous(validator)),
        "mistrust" => Authenticator::new(Either(validator, ClientPrincipalHeader::new())),
        _ => Authenticator::new(validator),
    }
}

/// A scheme that makes a request without credentials anonymous.
struct Anonymous(EntraTokenValidator);

#[async_trait]
impl Scheme for Anonymous {
    fn name(&self) -> &'static str {
        "token, or anonymous"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        match self.0.authenticate(headers).await {
            Outcome::NotRequested => {
                Outcome::Authenticated(Principal::new(PrincipalKind::User, "anonymous"))
            }
            outcome => outcome,
        }
    }
}

/// A scheme that believes the platform's header although the platform is not in front.
struct Either(EntraTokenValidator, ClientPrincipalHeader);

#[async_trait]
impl Scheme for Either {
    fn name(&self) -> &'static str {
        "token or header"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        match self.1.authenticate(headers).await {
            Outcome::NotRequested => self.0.authenticate(headers).await,
            outcome => outcome,
        }
    }
}

/// A scheme that believes the first of several platform headers.
struct Lenient;

#[async_trait]
impl Scheme for Lenient {
    fn name(&self) -> &'static str {
        "first header"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let header = ClientPrincipalHeader::new().tenant(TestIssuer::TENANT);
        match headers.get(ClientPrincipalHeader::NAME) {
            None => Outcome::NotRequested,
            Some(value) => header.decode(value.as_bytes()).into(),
        }
    }
}

/// A scheme that believes every token.
struct Unverified;

#[async_trait]
impl Scheme for Unverified {
    fn name(&self) -> &'static str {
        "unverified token"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let Some(value) = headers.get(AUTHORIZATION) else { return Outcome::NotRequested };
        let token = value.to_str().unwrap().strip_prefix("Bearer ");
        let claims = token.and_then(|token| token.split('.').nth(1));
        let claims = claims.and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims = claims.and_then(|claims| String::from_utf8(claims).ok());
        let caller = claims.and_then(|claims| Principal::from_token_claims(&claims).ok());
        caller.ok_or_else(|| AuthnError::rejected("it has no caller")).into()
    }
}

fn layer(name: &str) -> Option<Layer> {
    Some(match name {
        "authentication" => Layer::Authentication,
        "wrap" => Layer::Wrap,
        "requirement" => Layer::Requirement,
        "operation requirement" => Layer::OperationRequirement,
        "strip" => Layer::StripIdentityHeaders,
        "uniform refusals" => Layer::UniformRefusals,
        _ => return None,
    })
}

/// The tests of the contract that fail without this, which run in a process of their own.
fn red_without(left_out: &str) -> BTreeSet<String> {
    let tests = Command::new(env::current_exe().unwrap())
        .args(["contract::", "--color=never"])
        .env(LEFT_OUT, left_out)
        .output()
        .unwrap();
    let output = String::from_utf8(tests.stdout).unwrap();
    assert!(output.contains("running 14 tests"), "{output}");
    let failed = |line: &str| {
        let name = line.strip_prefix("test contract::")?.strip_suffix(" ... FAILED")?;
        Some(name.to_owned())
    };
    output.lines().filter_map(failed).collect()
}

#[test]
fn what_is_left_out_turns_exactly_its_tests_red() {
    let expected: [(&str, &[&str]); 14] = [
        ("nothing", &[]),
        (
            "authentication",
            &["hidden_operation", "listed_operation", "missing_role", "unknown_path"],
        ),
        ("wrap", &["unknown_path"]),
        ("requirement", &["missing_role"]),
        ("operation requirement", &["hidden_operation"]),
        ("strip", &["public_route"]),
        ("uniform refusals", &["identical_refusals"]),
        ("strictness", &["malformed_header"]),
        ("mistrust", &["forged_header"]),
        ("credentials", &["forged_header", "identical_refusals", "no_credentials", "unknown_path"]),
        (
            "validation",
            &[
                "expired_token",
                "foreign_tenant",
                "forged_token",
                "unlisted_client",
                "wrong_audience",
            ],
        ),
        ("tenant", &["foreign_tenant"]),
        ("audience", &["wrong_audience"]),
        ("client", &["unlisted_client"]),
    ];
    for (left_out, tests) in expected {
        let tests: BTreeSet<_> = tests.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(red_without(left_out), tests, "without {left_out}");
    }
}
