//! Clients that prove themselves by a signed assertion, of their own or of another issuer.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use easyauth_emulator::{Directory, Emulator, FederatedCredential, Options, sample};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{claims, emulator, own, refused, send, set, url};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "api://AzureADTokenExchange";
const FOREIGN: &str = "https://token.ci.example";
const STRANGER: &str = "https://token.stranger.example";

/// A key of a client's own or of another issuer: to sign with, and its public half in PEM.
struct Key {
    private: EncodingKey,
    public: String,
}

impl Key {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pem = |label: &str, der: &[u8]| {
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
        };
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let private = pem("PRIVATE KEY", private.as_ref());
        let public: aws_lc_rs::encoding::PublicKeyX509Der<'_> =
            aws_lc_rs::signature::KeyPair::public_key(&pair).as_der().unwrap();
        let private = EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
        Self { private, public: pem("PUBLIC KEY", public.as_ref()) }
    }

    fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &self.private).unwrap()
    }
}

/// `client_credentials` of the agent with an assertion.
fn with_assertion(assertion: &str) -> Vec<(String, String)> {
    let mut form = own(&sample::AGENT.to_string(), "");
    form.retain(|(name, _)| name != "client_secret");
    set(&mut form, "client_assertion_type", TYPE);
    set(&mut form, "client_assertion", assertion);
    form
}

fn now(emulator: &Emulator) -> i64 {
    let claims = emulator.cloud().app_claims(sample::AGENT, sample::API).unwrap();
    claims["iat"].as_i64().unwrap()
}

#[tokio::test]
async fn an_assertion_is_of_the_clients_own_key_and_for_this_endpoint() {
    let emulator = emulator().await;
    let (key, other) = (Key::new(), Key::new());
    for application in &mut emulator.cloud().directory().applications {
        application.certificates = vec![key.public.clone()];
    }
    let good = json!({
        "iss": sample::AGENT, "sub": sample::AGENT, "aud": url(&emulator, "/oauth2/v2.0/token"),
        "exp": now(&emulator) + 300, "jti": "1",
    });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        key.sign(&claims)
    };
    let token = claims(send(&emulator, &with_assertion(&key.sign(&good))).await).await;
    assert_eq!(token["appid"], json!(sample::AGENT));
    // As MSAL.NET and MSAL for Python write them.
    let end = now(&emulator) + 300;
    for end in [json!(end.to_string()), json!(f64::from(i32::try_from(end).unwrap()) + 0.5)] {
        claims(send(&emulator, &with_assertion(&with("exp", end))).await).await;
    }
    let header = json!({"alg": "RS256", "typ": "JWT", "x5c": "a string, as MSAL.NET writes it"});
    let signed = |header: &Value| {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", part(header), part(&good));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key.private, Algorithm::RS256);
        format!("{message}.{}", signature.unwrap())
    };
    claims(send(&emulator, &with_assertion(&signed(&header))).await).await;
    let in_strings = with("exp", json!((now(&emulator) - 3600).to_string()));
    for (what, assertion) in [
        ("another's key", other.sign(&good)),
        ("another audience", with("aud", json!("https://elsewhere.example"))),
        ("expired", with("exp", json!(now(&emulator) - 3600))),
        ("expired, in a string", in_strings),
        ("no algorithm", signed(&json!({"typ": "JWT"}))),
        ("another algorithm", signed(&json!({"alg": "RS512"}))),
        ("no end", with("exp", Value::Null)),
        ("not yet valid", with("nbf", json!(now(&emulator) + 3600))),
        ("another subject", with("sub", json!(sample::ROLELESS))),
        ("garbage", "a.b.c".to_owned()),
    ] {
        let answer = send(&emulator, &with_assertion(&assertion)).await;
        refused(answer, 401, 700_027, what).await;
    }
    let mut untyped = with_assertion(&key.sign(&good));
    set(&mut untyped, "client_assertion_type", "");
    refused(send(&emulator, &untyped).await, 400, 900_144, "no type").await;
}

#[tokio::test]
async fn another_issuers_word_is_taken_where_it_was_federated() {
    let (foreign, other) = (Key::new(), Key::new());
    let mut options = Options::default();
    options.issuer.foreign_issuers = [(FOREIGN, &foreign), (STRANGER, &other)]
        .map(|(issuer, key)| (issuer.to_owned(), key.public.clone()))
        .into();
    let emulator = Emulator::start(Directory::sample(), options).await.unwrap();
    let identity = sample::object_id(sample::MANAGED_IDENTITY).to_string();
    let federate = |issuer: &str, subject: &str| FederatedCredential {
        name: subject.to_owned(),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        audiences: vec![EXCHANGE.to_owned()],
        ..FederatedCredential::default()
    };
    for application in &mut emulator.cloud().directory().applications {
        application.federated_credentials = vec![
            federate(FOREIGN, "repo:reviews"),
            federate(&emulator.cloud().v2_issuer(), &identity),
        ];
    }
    let of = |subject: &str, audience: &str| {
        let exp = now(&emulator) + 300;
        json!({"iss": FOREIGN, "sub": subject, "aud": audience, "exp": exp})
    };
    let assertion = foreign.sign(&of("repo:reviews", EXCHANGE));
    claims(send(&emulator, &with_assertion(&assertion)).await).await;
    let mut of_stranger = of("repo:reviews", EXCHANGE);
    of_stranger["iss"] = json!(STRANGER);
    for (what, assertion, code) in [
        ("another issuer", other.sign(&of_stranger), 700_213),
        ("another subject", foreign.sign(&of("repo:other", EXCHANGE)), 700_213),
        ("another audience", foreign.sign(&of("repo:reviews", "api://x")), 700_213),
        ("another key", other.sign(&of("repo:reviews", EXCHANGE)), 700_027),
    ] {
        refused(send(&emulator, &with_assertion(&assertion)).await, 401, code, what).await;
    }

    let endpoint = emulator.cloud().identity_endpoint();
    let address = format!("{endpoint}?resource={EXCHANGE}&api-version=2019-08-01");
    let request = super::client().get(address);
    let header = emulator.cloud().identity_header();
    let answer = request.header("X-IDENTITY-HEADER", header).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let assertion = answer["access_token"].as_str().unwrap();
    claims(send(&emulator, &with_assertion(assertion)).await).await;
}
