//! What the emulator does not implement is refused, and certificates are not ignored.

use easyauth_emulator::sample::{AGENT, OPERATOR, TENANT_ID};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant::Tenant;

#[tokio::test]
async fn a_property_that_is_not_implemented_is_refused_and_changes_nothing() {
    let tenant = Tenant::start().await;
    let application = format!("/applications(appId='{AGENT}')");
    let principal = format!("/servicePrincipals(appId='{AGENT}')");
    let before = (tenant.get(&application).await.body, tenant.get(&principal).await.body);
    let bodies = [
        (&application, json!({ "nonsense": 1 })),
        (&application, json!({ "displayName": "New", "optionalClaims": {} })),
        (&application, json!({ "signInAudience": "AzureADMultipleOrgs" })),
        (&application, json!({ "api": { "nonsense": 1 } })),
        (&application, json!({ "web": { "nonsense": 1 } })),
        (&application, json!({ "appRoles": [{ "nonsense": 1 }] })),
        (&application, json!({ "api": { "oauth2PermissionScopes": [{ "nonsense": 1 }] } })),
        (&application, json!({ "keyCredentials": [{ "type": "Symmetric", "usage": "Sign" }] })),
        (&principal, json!({ "nonsense": 1 })),
        (&principal, json!({ "replyUrls": ["https://app.test"] })),
    ];
    for (path, body) in bodies {
        let answer = tenant.patch(path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.code(), "Request_BadRequest", "{body}");
    }
    let posts = [
        ("/applications".to_owned(), json!({ "displayName": "New", "nonsense": 1 })),
        (format!("{application}/addPassword"), json!({ "nonsense": 1 })),
        (
            format!("{application}/addPassword"),
            json!({ "passwordCredential": { "secretText": "mine" } }),
        ),
        (
            format!("{principal}/appRoleAssignments"),
            json!({ "principalId": AGENT, "resourceId": AGENT, "appRoleId": AGENT, "x": 1 }),
        ),
    ];
    for (path, body) in posts {
        let answer = tenant.post(&path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
    }
    assert_eq!((tenant.get(&application).await.body, tenant.get(&principal).await.body), before);
}

/// A certificate in base64, and the key that signs for it.
fn certificate() -> (String, EncodingKey) {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let base64 = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        certificate.der().as_ref(),
    );
    (base64, EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap())
}

/// The error code of a sign-in with an assertion of the operator's; nothing where it succeeds.
async fn signs_in(tenant: &Tenant, key: &EncodingKey) -> Option<Value> {
    let cloud = tenant.emulator.cloud();
    let address = format!("{}/{TENANT_ID}/oauth2/v2.0/token", cloud.origin());
    let now = cloud.app_claims(OPERATOR, OPERATOR).unwrap()["iat"].as_i64().unwrap();
    let claims = json!({ "iss": OPERATOR, "sub": OPERATOR, "aud": address, "exp": now + 300 });
    let assertion = jsonwebtoken::encode(&Header::new(Algorithm::PS256), &claims, key).unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let answer = tenant.client.post(address).form(&form).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer.get("error_codes").map(|codes| codes[0].clone())
}

#[tokio::test]
async fn a_certificate_signs_in_until_it_is_replaced_or_has_expired() {
    let tenant = Tenant::start().await;
    let path = format!("/applications(appId='{OPERATOR}')");
    let ((first, first_key), (second, second_key)) = (certificate(), certificate());
    let credential = |key: Value, id: Uuid, end: &str| {
        json!({
            "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "laptop", "key": key,
            "keyId": id, "endDateTime": end,
        })
    };
    let (first_id, second_id) = (Uuid::new_v4(), Uuid::new_v4());
    let set = async |credentials: Value| {
        tenant.patch(&path, json!({ "keyCredentials": credentials })).await.status
    };
    let far = "2100-01-01T00:00:00Z";
    assert_eq!(set(json!([credential(json!(first), first_id, far)])).await, 204);
    assert_eq!(signs_in(&tenant, &first_key).await, None);
    assert_eq!(signs_in(&tenant, &second_key).await, Some(json!(700_027)));
    let shown = tenant.get(&path).await.body["keyCredentials"].clone();
    assert_eq!(shown[0]["keyId"], json!(first_id));
    assert_eq!(shown[0]["key"], Value::Null);

    // As Microsoft's tools do: what was read goes back with the new one.
    let both = json!([shown[0], credential(json!(second), second_id, "2001-01-01T00:00:00Z")]);
    assert_eq!(set(both).await, 204);
    assert_eq!(signs_in(&tenant, &first_key).await, None);
    assert_eq!(signs_in(&tenant, &second_key).await, Some(json!(700_027)), "expired");
    for (key, id) in [(json!("AAAA"), second_id), (json!(7), second_id), (json!(null), AGENT)] {
        assert_eq!(set(json!([credential(key, id, far)])).await, 400);
    }
    assert_eq!(set(json!([credential(Value::Null, second_id, far)])).await, 204);
    assert_eq!(signs_in(&tenant, &second_key).await, None, "the key is the one of its id");
    assert_eq!(set(json!([])).await, 204);
    assert_eq!(signs_in(&tenant, &first_key).await, Some(json!(700_027)));
}

#[tokio::test]
async fn an_expired_secret_is_refused() {
    let tenant = Tenant::start().await;
    let path = format!("/applications(appId='{OPERATOR}')/addPassword");
    for (end, code) in
        [("2001-01-01T00:00:00Z", Some(json!(7_000_222))), ("2100-01-01T00:00:00Z", None)]
    {
        let body = json!({ "passwordCredential": { "endDateTime": end } });
        let made = tenant.post(&path, body).await.expect(StatusCode::OK);
        let origin = tenant.emulator.cloud().origin();
        let request =
            tenant.client.post(format!("{origin}/{TENANT_ID}/oauth2/v2.0/token")).form(&[
                ("grant_type", "client_credentials"),
                ("client_id", &OPERATOR.to_string()),
                ("client_secret", made.text("secretText")),
                ("scope", "https://graph.microsoft.com/.default"),
            ]);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer.get("error_codes").map(|codes| codes[0].clone()), code);
    }
}
