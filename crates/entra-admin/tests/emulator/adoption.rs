//! A registration that was found by its name alone is anybody's: it is refused, or what others hold of it is named.

use easyauth_emulator::{
    Application, FederatedCredential, ServicePrincipal,
    sample::{FOUNDRY_AGENT, MANAGED_IDENTITY, OPERATOR, TENANT_ID, USER, object_id},
};
use entra_admin::{AdminError, ClientCredential, ExposureKind, Problem, Remedy, Setup};
use serde_json::json;
use uuid::{Uuid, uuid};

use crate::tenant::{NAME, Tenant, set_up};

const CLIENT: Uuid = uuid!("a9100000-0000-4000-8000-0000000000cc");

/// What somebody puts into a registration.
type Plant = fn(&mut Application, &mut ServicePrincipal);

fn credential(issuer: &str, subject: &str) -> FederatedCredential {
    FederatedCredential {
        id: Uuid::new_v4(),
        name: "theirs".to_owned(),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        audiences: vec!["api://AzureADTokenExchange".to_owned()],
    }
}

fn key() -> serde_json::Value {
    json!([{ "keyId": Uuid::new_v4(), "displayName": "theirs" }])
}

/// In the order in which they are named.
const PLANTED: [(ExposureKind, Plant); 9] = [
    (ExposureKind::Audience, |it, _| {
        it.other.insert("signInAudience".to_owned(), json!("AzureADMultipleOrgs"));
    }),
    (ExposureKind::Owner, |it, _| it.owners.push(USER)),
    (ExposureKind::PrincipalOwner, |_, it| it.owners.push(USER)),
    (ExposureKind::Secret, |it, _| {
        it.other.insert("passwordCredentials".to_owned(), key());
    }),
    (ExposureKind::Certificate, |it, _| {
        it.other.insert("keyCredentials".to_owned(), key());
    }),
    (ExposureKind::PrincipalSecret, |_, it| {
        it.other.insert("passwordCredentials".to_owned(), key());
    }),
    (ExposureKind::PrincipalCertificate, |_, it| {
        it.other.insert("keyCredentials".to_owned(), key());
    }),
    (ExposureKind::FederatedCredential, |it, _| {
        let github = "https://token.actions.githubusercontent.com";
        it.federated_credentials.push(credential(github, "repo:them/theirs:ref:refs/heads/main"));
    }),
    // Another identity of the same tenant, and the same subject of another issuer, are not the app's.
    (ExposureKind::FederatedCredential, |it, _| {
        let issuer = format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0");
        it.federated_credentials.push(credential(&issuer, &object_id(FOUNDRY_AGENT).to_string()));
        let elsewhere = "https://login.attacker.example/v2.0";
        let subject = object_id(MANAGED_IDENTITY).to_string();
        it.federated_credentials.push(credential(elsewhere, &subject));
    }),
];

/// Somebody registers an application of the name.
fn register(tenant: &Tenant, plant: Plant) {
    let mut application = Application {
        id: Uuid::new_v4(),
        app_id: CLIENT,
        display_name: NAME.to_owned(),
        ..Application::default()
    };
    let mut principal = ServicePrincipal {
        id: Uuid::new_v4(),
        app_id: CLIENT,
        display_name: NAME.to_owned(),
        service_principal_type: "Application".to_owned(),
        ..ServicePrincipal::default()
    };
    plant(&mut application, &mut principal);
    tenant.directory(|directory| {
        directory.applications.push(application);
        directory.service_principals.push(principal);
    });
}

#[tokio::test]
async fn a_name_alone_is_not_adopted() {
    let nothing: (ExposureKind, Plant) = (ExposureKind::Owner, |_, _| {});
    let tenant = Tenant::start().await;
    let saved = tenant.saved();
    for (kind, plant) in PLANTED.into_iter().chain([nothing]) {
        tenant.restore(&saved);
        register(&tenant, plant);
        let before = tenant.everything();
        for is_dry_run in [true, false] {
            let admin = tenant.admin().dry_run(is_dry_run);
            let error = admin.setup(&set_up()).await.unwrap_err();
            let AdminError::NotAdopted { client_id, exposures, .. } = &error else {
                panic!("{kind:?}: {error}")
            };
            assert_eq!(*client_id, CLIENT.to_string());
            assert!(error.to_string().contains(&format!("--client-id {CLIENT}")), "{error}");
            if exposures.is_empty() {
                assert_eq!(tenant.application(|it| it.owners.len()), 0, "{kind:?}");
            } else {
                assert_eq!(exposures[0].kind, kind, "{error}");
                assert!(error.to_string().contains(&exposures[0].to_string()), "{error}");
            }
        }
        assert_eq!(tenant.everything(), before, "{kind:?}");
    }
}

#[tokio::test]
async fn what_others_hold_is_named_when_it_is_adopted_and_by_the_doctor() {
    let tenant = Tenant::start().await;
    let saved = tenant.saved();
    for (at, (kind, plant)) in PLANTED.into_iter().enumerate() {
        tenant.restore(&saved);
        register(&tenant, plant);
        let admin = tenant.admin();
        // By its id or by its name: one as good as the other.
        let admin = if at % 2 == 0 { admin.with_client_id(CLIENT) } else { admin.adopting(true) };
        let done = admin.setup(&set_up()).await.unwrap();
        assert_eq!(done.client_id, Some(CLIENT));
        assert_eq!(done.exposures[0].kind, kind);

        // It is in use now, and named still.
        let again = tenant.admin().setup(&set_up()).await.unwrap();
        assert!(again.steps.is_empty(), "{:?}", again.steps);
        assert_eq!(again.exposures, done.exposures);
        let finding = tenant.admin().doctor(&[]).await.unwrap().expect("it is found");
        let Problem::Exposure(found) = &finding.problem else { panic!("{finding}") };
        assert_eq!(*found, done.exposures[0]);
        let Remedy::Revoke(revocation) = finding.remedy else { panic!("{finding}") };
        assert_eq!((revocation.kind, revocation.client_id), (kind, CLIENT));
        assert_eq!(revocation.id, found.id);
    }
}

/// Whoever registers something may make the operator its owner, and leave.
#[tokio::test]
async fn an_owner_alone_is_no_proof() {
    let plants: [Plant; 5] = [
        |it, _| it.owners.push(USER),
        |it, _| {
            it.other.insert("passwordCredentials".to_owned(), key());
        },
        |it, _| {
            let spa = json!({ "redirectUris": ["https://attacker.example/"] });
            it.other.insert("spa".to_owned(), spa);
        },
        |it, _| it.api.pre_authorized_applications.push(json!({ "appId": FOUNDRY_AGENT })),
        |it, _| it.identifier_uris.push("https://attacker.sample.example".to_owned()),
    ];
    let tenant = Tenant::start().await;
    let saved = tenant.saved();
    for plant in plants {
        tenant.restore(&saved);
        register(&tenant, plant);
        tenant.application(|it| it.owners.insert(0, object_id(OPERATOR)));
        let before = tenant.everything();
        let error = tenant.admin().setup(&set_up()).await.unwrap_err();
        assert!(matches!(error, AdminError::NotAdopted { .. }), "{error}");
        assert_eq!(tenant.everything(), before);
    }
}

/// A run that broke off after the registration was made goes on with it.
#[tokio::test]
async fn a_run_that_broke_off_goes_on() {
    let tenant = Tenant::start().await;
    tenant.admin().setup(&set_up()).await.unwrap();
    let id = tenant.client_id();
    assert_eq!(tenant.application(|it| it.owners.clone()), [object_id(OPERATOR)]);
    tenant.site(|site| site.auth_settings = json!({ "platform": { "enabled": false } }));
    let done = tenant.admin().setup(&set_up()).await.unwrap();
    assert_eq!((done.client_id, done.exposures), (Some(id), Vec::new()));
    assert_eq!(tenant.admin().doctor(&[]).await.unwrap(), None);
}

#[tokio::test]
async fn an_owner_who_is_known_is_not_named() {
    let tenant = Tenant::with_agent().await;
    tenant.application(|it| it.owners.push(USER));
    let finding = tenant.admin().doctor(&[]).await.unwrap().expect("it is found");
    let Remedy::Revoke(revocation) = finding.remedy else { panic!("{finding}") };
    assert_eq!(revocation.id, USER);
    assert!(finding.to_string().contains("Ada Sample"), "{finding}");
    let admin = tenant.admin().with_known_owners([USER]);
    assert_eq!(admin.doctor(&[]).await.unwrap(), None);
}

/// The secret that the web app uses is its own; any other is somebody's.
#[tokio::test]
async fn the_secret_in_use_is_told_from_others() {
    let tenant = Tenant::start().await;
    let by_secret =
        Setup { display_name: NAME.to_owned(), credential: ClientCredential::ClientSecret };
    tenant.admin().setup(&by_secret).await.unwrap();
    assert_eq!(tenant.admin().doctor(&[]).await.unwrap(), None);
    let theirs = json!({ "keyId": Uuid::new_v4(), "displayName": "App Service", "hint": "#-#" });
    tenant.application(|it| {
        let shown = it.other["passwordCredentials"].as_array_mut().unwrap();
        shown.push(theirs);
    });
    let finding = tenant.admin().doctor(&[]).await.unwrap().expect("it is found");
    let Remedy::Revoke(change) = finding.remedy else { panic!("{finding}") };
    assert_eq!(change.kind, ExposureKind::Secret);
    assert!(tenant.admin().setup(&by_secret).await.unwrap().steps.is_empty());
}
