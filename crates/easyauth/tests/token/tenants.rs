//! Tokens of several tenants.

use std::{net::Ipv4Addr, sync::Arc};

use async_trait::async_trait;
use axum::{Json, Router, routing::get};
use easyauth::{EntraTokenValidator, Jwks, JwksError, JwksProvider, TokenConfigError, TokenError};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::issuer::{
    API, CALLER, Issuer, KEY, NEXT, NOW, TENANT, builder, time, v1_app, v2_app, with,
};

const PARTNER: &str = "aaaaaaaa-1111-4111-8111-111111111111";
const STRANGER: &str = "bbbbbbbb-1111-4111-8111-111111111111";

/// The issuer of all tenants: one key is for all of them, and one for a single tenant.
struct AllTenants;

#[async_trait]
impl JwksProvider for AllTenants {
    async fn fetch(&self) -> Result<Jwks, JwksError> {
        let any = "https://login.microsoftonline.com/{tenantid}/v2.0";
        let keys = vec![
            KEY.public().for_issuer(any),
            NEXT.public().for_issuer(&any.replace("{tenantid}", STRANGER)),
        ];
        Ok(Jwks::new(any, keys))
    }
}

fn several() -> easyauth::EntraTokenValidatorBuilder {
    builder(&Issuer::with(&[])).jwks_provider(Arc::new(AllTenants))
}

/// Claims of a tenant, in both versions.
fn of(tenant: &str) -> [Value; 2] {
    [v1_app(), v2_app()].map(|claims| {
        let issuer = claims["iss"].as_str().unwrap().replace(TENANT, tenant);
        with(claims, &json!({ "tid": tenant, "iss": issuer }))
    })
}

async fn outcomes(validator: &EntraTokenValidator, tenant: &str) -> Result<(), TokenError> {
    let [v1, v2] = of(tenant);
    let v1 = validator.validate(&KEY.token(&v1)).await.map(drop);
    let v2 = validator.validate(&KEY.token(&v2)).await.map(drop);
    assert_eq!(v1, v2, "{tenant}");
    v2
}

#[tokio::test]
async fn listed_tenants_are_allowed_and_no_others() {
    let validator = several().allow_tenant(&PARTNER.to_uppercase()).build().unwrap();
    assert_eq!(outcomes(&validator, TENANT).await, Ok(()));
    assert_eq!(outcomes(&validator, PARTNER).await, Ok(()));
    assert_eq!(outcomes(&validator, STRANGER).await, Err(TokenError::Tenant));
    let issuer = validator.issuer().await.unwrap();
    assert_eq!(&*issuer, "https://login.microsoftonline.com/organizations/v2.0");
    assert!(matches!(several().allow_tenant("common").build(), Err(TokenConfigError::Tenant)));
}

#[tokio::test]
async fn a_check_decides_about_every_other_tenant() {
    let validator = several().allow_tenant_if(|tenant| tenant == PARTNER).build().unwrap();
    assert_eq!(outcomes(&validator, TENANT).await, Ok(()));
    assert_eq!(outcomes(&validator, PARTNER).await, Ok(()));
    assert_eq!(outcomes(&validator, &PARTNER.to_uppercase()).await, Err(TokenError::Issuer));
    assert_eq!(outcomes(&validator, STRANGER).await, Err(TokenError::Tenant));
    let any = several().allow_tenant_if(|_| true).build().unwrap();
    assert_eq!(outcomes(&any, STRANGER).await, Ok(()));
    for no_tenant in ["", "common", "../x", "{tenantid}"] {
        assert_eq!(outcomes(&any, no_tenant).await, Err(TokenError::Tenant), "{no_tenant}");
    }
}

#[tokio::test]
async fn a_token_names_one_tenant_and_its_key_is_for_that_tenant() {
    let any = several().allow_tenant_if(|_| true).build().unwrap();
    let [v1, v2] = of(PARTNER);
    for claims in [with(v1, &json!({ "tid": TENANT })), with(v2, &json!({ "tid": TENANT }))] {
        let mixed = any.validate(&KEY.token(&claims)).await;
        assert_eq!(mixed, Err(TokenError::Issuer));
    }
    for (tenant, expected) in [(STRANGER, Ok(())), (PARTNER, Err(TokenError::Issuer))] {
        for claims in of(tenant) {
            let outcome = any.validate(&NEXT.token(&claims)).await.map(drop);
            assert_eq!(outcome, expected, "the other key of {tenant}");
        }
    }
}

/// The keys of one tenant are at its own address, whichever issuer they name.
#[tokio::test]
async fn the_only_tenant_may_use_each_key() {
    let only = several().build().unwrap();
    for claims in of(TENANT) {
        assert_eq!(only.validate(&NEXT.token(&claims)).await.map(drop), Ok(()));
    }
    let checked = several().allow_tenant_if(|_| false).build().unwrap();
    for claims in of(TENANT) {
        let outcome = checked.validate(&NEXT.token(&claims)).await.map(drop);
        assert_eq!(outcome, Err(TokenError::Issuer));
    }
}

#[tokio::test]
async fn the_keys_of_all_tenants_are_at_the_authoritys_organizations() {
    let refused = Err(TokenError::KeysUnavailable);
    for (template, expected) in [
        ("{tenantid}", Ok(())),
        (TENANT, refused),
        // The issuer of no tenant.
        ("organizations", refused),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let configuration = json!({
            "issuer": format!("{origin}/{template}/v2.0"), "jwks_uri": format!("{origin}/keys"),
        });
        let key = with(KEY.jwk(), &json!({ "issuer": format!("{origin}/{template}/v2.0") }));
        let router = Router::new()
            .route(
                "/organizations/v2.0/.well-known/openid-configuration",
                get(async move || Json(configuration)),
            )
            .route("/keys", get(async move || Json(json!({ "keys": [key] }))));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let validator = EntraTokenValidator::builder(TENANT, API)
            .authority(&origin)
            .allow_client(CALLER)
            .allow_tenant(PARTNER)
            .clock(|| time(NOW))
            .build()
            .unwrap();
        assert_eq!(validator.fetch_jwks().await, expected, "{template}");
        let claims =
            with(v2_app(), &json!({ "tid": PARTNER, "iss": format!("{origin}/{PARTNER}/v2.0") }));
        let outcome = validator.validate(&KEY.token(&claims)).await.map(drop);
        assert_eq!(outcome, expected, "{template}");
    }
}
