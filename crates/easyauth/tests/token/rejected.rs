//! Every reason for which a token is rejected.

use std::{collections::HashSet, sync::LazyLock};

use aws_lc_rs::hmac;
use easyauth::{EntraTokenValidator, TokenConfigError, TokenError};
use serde_json::{Value, json};

use crate::issuer::{
    API, CALLER, FORGED, Issuer, KEY, NOW, TENANT, V1_ISSUER, V2_ISSUER, builder, encode, scheme,
    time, v1_app, v2_app, with,
};

const OTHER: &str = "99999999-9999-4999-8999-999999999999";

type Case = (String, String, TokenError);

/// A valid token with these changes of its header.
fn headed(changes: &Value) -> String {
    let header = with(json!({ "typ": "JWT", "alg": "RS256", "kid": "first" }), changes);
    KEY.sign(header.to_string(), &v2_app())
}

fn header_cases() -> Vec<Case> {
    use TokenError::{
        Algorithm, CriticalExtension, EmbeddedKey, Header, MissingKeyId, Type, UnknownKey,
    };
    let members = [
        (json!({ "alg": null }), Header),
        (json!({ "alg": 1 }), Header),
        (json!({ "alg": "none" }), Algorithm),
        (json!({ "alg": "rs256" }), Algorithm),
        (json!({ "alg": "RS512" }), Algorithm),
        (json!({ "alg": "PS256" }), Algorithm),
        (json!({ "kid": null }), MissingKeyId),
        (json!({ "kid": "" }), MissingKeyId),
        (json!({ "kid": "k".repeat(201) }), MissingKeyId),
        (json!({ "kid": 1 }), Header),
        (json!({ "kid": "third" }), UnknownKey),
        (json!({ "kid": "first\u{0}" }), UnknownKey),
        (json!({ "typ": "JWE" }), Type),
        (json!({ "jwk": FORGED.jwk() }), EmbeddedKey("jwk")),
        (json!({ "jku": "https://attacker.example/keys" }), EmbeddedKey("jku")),
        (json!({ "x5u": "https://attacker.example/chain" }), EmbeddedKey("x5u")),
        (json!({ "x5c": ["MII"] }), EmbeddedKey("x5c")),
        (json!({ "crit": ["exp"] }), CriticalExtension),
    ];
    let cases = members.into_iter().map(|(changes, refusal)| {
        (format!("header {changes}").chars().take(60).collect(), headed(&changes), refusal)
    });
    let raw = [
        (r#"{"alg":"RS256","kid":"first","jwk":null}"#, EmbeddedKey("jwk")),
        (r#"{"alg":"RS256","kid":"first","crit":null}"#, CriticalExtension),
        (r#"{"alg":"none","alg":"RS256","kid":"first"}"#, Header),
        (r#"{"alg":"RS256","kid":"third","kid":"first"}"#, Header),
        (r#"["RS256","first","JWT"]"#, Header),
        ("\"RS256\"", Header),
        ("", Header),
        ("\u{feff}{}", Header),
    ];
    let raw = raw.into_iter().map(|(header, refusal)| {
        (format!("header {header}"), KEY.sign(header, &v2_app()), refusal)
    });
    cases.chain(raw).collect()
}

fn claim_cases() -> Vec<Case> {
    use TokenError::{
        Audience, Claims, ClientNotAllowed, Expired, Issuer, MissingClient, NotYetValid, Tenant,
        Version,
    };
    let of_v2 = [
        (json!({ "iss": null }), Claims),
        (json!({ "iss": V1_ISSUER }), Version),
        (json!({ "iss": V1_ISSUER, "appid": CALLER }), Version),
        (
            json!({ "iss": "https://sts.windows.net/11111111-1111-4111-8111-111111111111/v2.0" }),
            Issuer,
        ),
        (json!({ "iss": V2_ISSUER.replace(TENANT, OTHER) }), Issuer),
        (json!({ "iss": format!("{V2_ISSUER}/") }), Issuer),
        (json!({ "iss": V2_ISSUER.replace("https", "http") }), Issuer),
        (json!({ "ver": null }), Version),
        (json!({ "ver": "1.0" }), Version),
        (json!({ "ver": 2.0 }), Claims),
        (json!({ "tid": null }), Tenant),
        (json!({ "tid": OTHER }), Tenant),
        (json!({ "aud": null }), Claims),
        (json!({ "aud": [API] }), Claims),
        (json!({ "aud": OTHER }), Audience),
        (json!({ "aud": format!("api://{API}/") }), Audience),
        (json!({ "aud": "" }), Audience),
        (json!({ "exp": null }), Claims),
        (json!({ "exp": (NOW + 3600).to_string() }), Claims),
        (json!({ "exp": u64::MAX }), Claims),
        (json!({ "exp": i64::MIN }), Expired),
        (json!({ "exp": NOW - 60 }), Expired),
        (json!({ "nbf": NOW + 61 }), NotYetValid),
        (json!({ "nbf": i64::MAX }), NotYetValid),
        (json!({ "nbf": "now" }), Claims),
        (json!({ "azp": null }), MissingClient),
        (json!({ "azp": null, "appid": CALLER }), MissingClient),
        (json!({ "azp": OTHER }), ClientNotAllowed),
        (json!({ "azp": OTHER, "appid": CALLER }), ClientNotAllowed),
        (json!({ "azp": "*" }), ClientNotAllowed),
        (json!({ "azp": format!("{CALLER} ") }), ClientNotAllowed),
        (json!({ "roles": "MCP.Access" }), Claims),
        (json!({ "roles": [1] }), Claims),
        (json!({ "roles": { "0": "MCP.Access" } }), Claims),
        (json!({ "scp": ["user_impersonation"] }), Claims),
    ];
    let of_v1 = [
        (json!({ "iss": V2_ISSUER, "azp": CALLER }), Version),
        (json!({ "ver": "2.0" }), Version),
        (json!({ "appid": null, "azp": CALLER }), MissingClient),
        (json!({ "appid": OTHER }), ClientNotAllowed),
    ];
    let case = |base: Value, changes: Value, refusal| {
        (format!("claims {changes}"), KEY.token(&with(base, &changes)), refusal)
    };
    let of_v2 = of_v2.into_iter().map(|(changes, refusal)| case(v2_app(), changes, refusal));
    let of_v1 = of_v1.into_iter().map(|(changes, refusal)| case(v1_app(), changes, refusal));
    let of_ids =
        object_ids().into_iter().map(|(changes, refusal)| case(v2_app(), changes, refusal));
    of_v2.chain(of_v1).chain(of_ids).chain(raw_claim_cases()).collect()
}

/// Missing and invalid object ids.
fn object_ids() -> [(Value, TokenError); 6] {
    use TokenError::{InvalidObjectId, MissingObjectId};
    [
        (json!({ "oid": null }), MissingObjectId),
        (json!({ "oid": "" }), MissingObjectId),
        (json!({ "oid": "x".repeat(101) }), InvalidObjectId),
        (json!({ "oid": "a b" }), InvalidObjectId),
        (json!({ "oid": "a\u{1}b" }), InvalidObjectId),
        (json!({ "oid": "\u{e9}" }), InvalidObjectId),
    ]
}

/// Claims that no JSON library writes.
fn raw_claim_cases() -> Vec<Case> {
    let good = v2_app().to_string();
    let twice = |claim: &str| good.replacen('{', &format!("{{{claim},"), 1);
    let texts = [
        twice(&format!("\"aud\":\"{OTHER}\"")),
        twice("\"exp\":1"),
        twice("\"roles\":[\"Other\"]"),
        twice("\"\\u0061ud\":\"escaped\""),
        format!("{good}{good}"),
        format!("[{good}]"),
        good[..good.len() - 1].to_owned(),
        "null".to_owned(),
        "[".repeat(4000),
    ];
    let header = r#"{"alg":"RS256","kid":"first"}"#;
    texts
        .into_iter()
        .map(|claims| {
            let name = format!("claims {claims}").chars().take(60).collect();
            (name, KEY.sign(header, &claims), TokenError::Claims)
        })
        .collect()
}

fn signature_cases() -> Vec<Case> {
    use TokenError::{Algorithm, Header, Malformed, Signature, TooLong};
    let good = KEY.token(&v2_app());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let other_claims = encode(with(v2_app(), &json!({ "roles": ["Admin"] })).to_string());
    let hs256 = encode(r#"{"alg":"HS256","kid":"first"}"#);
    let mac = hmac::Key::new(hmac::HMAC_SHA256, KEY.public_der());
    let mac = encode(hmac::sign(&mac, format!("{hs256}.{claims}").as_bytes()));
    let none = encode(r#"{"alg":"none"}"#);
    let cases = [
        ("another key under the right id", FORGED.token(&v2_app()), Signature),
        ("claims of another", format!("{header}.{other_claims}.{signature}"), Signature),
        ("no signature", format!("{message}."), Signature),
        ("short signature", format!("{message}.{}", &signature[..100]), Signature),
        ("padded signature", format!("{good}=="), Malformed),
        ("signature in plain base64", format!("{message}.+/+/"), Malformed),
        ("HS256 by the public key", format!("{hs256}.{claims}.{mac}"), Algorithm),
        ("alg none", format!("{none}.{claims}."), Algorithm),
        ("two parts", message.to_owned(), Malformed),
        ("one part", "garbage".to_owned(), Malformed),
        ("four parts", format!("{good}.e30"), Malformed),
        ("five parts", format!("{good}.e30.e30"), Malformed),
        ("nothing", String::new(), Malformed),
        ("dots", "..".to_owned(), Header),
        ("with a space", good.replacen('.', ". ", 1), Malformed),
        ("the longest that is read", "A".repeat(EntraTokenValidator::MAX_BYTES), Malformed),
        ("a byte longer", "A".repeat(EntraTokenValidator::MAX_BYTES + 1), TooLong),
        ("too long", format!("{good}{}", "A".repeat(EntraTokenValidator::MAX_BYTES)), TooLong),
    ];
    cases.map(|(name, token, refusal)| (name.to_owned(), token, refusal)).into()
}

static CASES: LazyLock<Vec<Case>> =
    LazyLock::new(|| [header_cases(), claim_cases(), signature_cases()].concat());

#[tokio::test(start_paused = true)]
async fn a_token_with_one_fault_is_refused_for_it() {
    for (name, token, refusal) in CASES.iter() {
        let scheme = scheme(&Issuer::with(&[&KEY]));
        assert_eq!(scheme.validate(token).await, Err(*refusal), "{name}");
    }
}

#[test]
fn every_reason_has_words_of_its_own() {
    let reasons: HashSet<_> = CASES.iter().map(|(_, _, refusal)| format!("{refusal:?}")).collect();
    let words: HashSet<_> = CASES.iter().map(|(_, _, refusal)| refusal.to_string()).collect();
    assert_eq!(reasons.len(), words.len());
}

#[tokio::test]
async fn a_foreign_token_costs_no_fetch() {
    let foreign = |(_, _, refusal): &&Case| {
        !matches!(
            refusal,
            TokenError::UnknownKey
                | TokenError::Signature
                | TokenError::Issuer
                | TokenError::Version
                | TokenError::MissingClient
                | TokenError::ClientNotAllowed
        )
    };
    let issuer = Issuer::with(&[&KEY]);
    let scheme = scheme(&issuer);
    for (_, token, _) in CASES.iter().filter(foreign) {
        assert!(scheme.validate(token).await.is_err());
    }
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn without_an_allowed_client_nobody_gets_in() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme =
        EntraTokenValidator::builder(TENANT, API).clock(|| time(NOW)).jwks_provider(issuer);
    let refused = scheme.build().unwrap().validate(&KEY.token(&v2_app())).await;
    assert_eq!(refused, Err(TokenError::ClientNotAllowed));
}

#[tokio::test]
async fn a_clock_before_1970_lets_nobody_in() {
    let before = std::time::SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1);
    let scheme = builder(&Issuer::with(&[&KEY])).clock(move || before).build().unwrap();
    let token = KEY.token(&with(v2_app(), &json!({ "nbf": null })));
    assert_eq!(scheme.validate(&token).await, Err(TokenError::Expired));
}

#[test]
fn settings_that_are_none_make_no_scheme() {
    let authority = |text: &str| EntraTokenValidator::builder(TENANT, API).authority(text).build();
    for text in [
        "http://login.example",
        "ftp://127.0.0.1",
        "https://login.example/tenant",
        "https://user@login.example",
        "https://login.example?a",
        "https://login.example#a",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "login.example",
        "",
    ] {
        assert!(matches!(authority(text), Err(TokenConfigError::Authority)), "{text}");
    }
    for text in ["https://login.example", "http://127.0.0.1", "http://[::1]/", "http://localhost"] {
        assert!(authority(text).is_ok(), "{text}");
    }
    let tenants = ["common", "", "contoso.example", "11111111-1111-4111-8111-11111111111g"];
    for tenant in tenants {
        let built = EntraTokenValidator::builder(tenant, API).build();
        assert!(matches!(built, Err(TokenConfigError::Tenant)), "{tenant}");
    }
    let built = EntraTokenValidator::builder(TENANT, "api").build();
    assert!(matches!(built, Err(TokenConfigError::Client)));
    let built = EntraTokenValidator::builder(TENANT, API).allow_client("*").build();
    assert!(matches!(built, Err(TokenConfigError::AllowedClient(id)) if id == "*"));
    let built = EntraTokenValidator::builder(TENANT, API).audience("").build();
    assert!(matches!(built, Err(TokenConfigError::Audience)));
}
