//! Agent identities and their blueprints: what `list` says of them is what issuer, gateway and app do.

use easyauth_emulator::{
    Application, Directory, InheritablePermission, Inheritance, InheritanceKind, ServicePrincipal,
    User,
    sample::{FOUNDRY_AGENT, object_id},
};
use entra_admin::{AgentRole, MissingGrant, Problem, Remedy};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::{
    guarded::Guarded,
    tenant::{CHECKS, OTHER_AGENT, POLICY, Tenant},
};

const BLUEPRINT: Uuid = uuid!("b1000000-0000-4000-8000-000000000001");
const FIRST: Uuid = uuid!("b1000000-0000-4000-8000-000000000002");
const SECOND: Uuid = uuid!("b1000000-0000-4000-8000-000000000003");

fn inherited(api: Uuid, kind: InheritanceKind) -> InheritablePermission {
    InheritablePermission {
        resource_app_id: api,
        inheritable_roles: Inheritance { kind },
        ..InheritablePermission::default()
    }
}

fn add_blueprint(directory: &mut Directory, app_id: Uuid, inherited: Vec<InheritablePermission>) {
    directory.applications.push(Application {
        id: Uuid::new_v4(),
        app_id,
        display_name: "Blueprint".to_owned(),
        is_blueprint: true,
        inheritable_permissions: inherited,
        ..Application::default()
    });
    add_principal(directory, app_id, "Application", None);
}

fn add_principal(directory: &mut Directory, app_id: Uuid, kind: &str, blueprint: Option<Uuid>) {
    directory.service_principals.push(ServicePrincipal {
        id: object_id(app_id),
        app_id,
        display_name: format!("{kind} {app_id}"),
        service_principal_type: kind.to_owned(),
        agent_identity_blueprint_id: blueprint,
        ..ServicePrincipal::default()
    });
}

/// The app with a blueprint of two agents, for which nothing was done.
async fn with_blueprint() -> Guarded {
    let guarded = Guarded::start().await;
    guarded.tenant.directory(|directory| {
        add_blueprint(directory, BLUEPRINT, Vec::new());
        for agent in [FIRST, SECOND] {
            add_principal(directory, agent, "ServiceIdentity", Some(BLUEPRINT));
        }
    });
    guarded
}

/// What the app answers to a client with the token that it gets now.
async fn answer(guarded: &Guarded, client: Uuid) -> u16 {
    let tenant = &guarded.tenant;
    match tenant.cloud().app_claims(client, tenant.client_id()) {
        Some(claims) => guarded.answered(&guarded.signed(&claims)).await,
        None => 0,
    }
}

#[tokio::test]
async fn a_blueprint_gives_its_agents_the_role_and_each_a_place_in_the_lists() {
    let guarded = with_blueprint().await;
    let admin = &guarded.admin;
    assert_eq!(answer(&guarded, FIRST).await, 403);
    let finding = admin.doctor(&[BLUEPRINT]).await.unwrap().unwrap();
    assert_eq!(finding.remedy, Remedy::Preauthorize(object_id(BLUEPRINT)));
    let done = admin.preauthorize(&[BLUEPRINT]).await.unwrap();
    let roles: Vec<_> = done.identities.iter().map(|it| it.agent_role).collect();
    let of_blueprint = AgentRole::Agent(Some(BLUEPRINT));
    assert_eq!(roles, [AgentRole::Blueprint, of_blueprint, of_blueprint]);
    for agent in [FIRST, SECOND] {
        assert_eq!(answer(&guarded, agent).await, 200);
    }
    // The lists name the agents, and not the blueprint, which makes no calls.
    let listed = guarded.tenant.setting(POLICY);
    assert!(!listed.as_array().unwrap().contains(&json!(BLUEPRINT)), "{listed}");
    assert_eq!(admin.doctor(&[BLUEPRINT, FIRST]).await.unwrap(), None);
    let listed = admin.list().await.unwrap();
    let first = listed.iter().find(|it| it.app_id == FIRST.to_string()).unwrap();
    assert_eq!((first.may_call(), first.inherits_from), (true, Some(BLUEPRINT)));
    assert_eq!(admin.preauthorize(&[BLUEPRINT]).await.unwrap().steps, []);
    // An agent that inherits the role is not given it again.
    assert_eq!(admin.preauthorize(&[SECOND]).await.unwrap().steps, []);

    admin.remove(&[BLUEPRINT]).await.unwrap();
    for agent in [FIRST, SECOND] {
        assert_eq!(answer(&guarded, agent).await, 403);
    }
    assert_eq!(answer(&guarded, FOUNDRY_AGENT).await, 200);
    assert!(guarded.admin.list().await.unwrap().iter().all(|it| it.inherits_from.is_none()));
}

#[tokio::test]
async fn a_role_that_is_not_inherited_is_found() {
    let guarded = with_blueprint().await;
    let admin = &guarded.admin;
    admin.preauthorize(&[BLUEPRINT]).await.unwrap();
    let own = guarded.tenant.client_id();
    for entries in [vec![], vec![inherited(own, InheritanceKind::None)]] {
        guarded.tenant.directory(|directory| {
            let mut all = directory.applications.iter_mut();
            all.find(|it| it.is_blueprint).unwrap().inheritable_permissions = entries.clone();
        });
        assert_eq!(answer(&guarded, FIRST).await, 403);
        let finding = admin.doctor(&[BLUEPRINT]).await.unwrap().unwrap();
        // The agents are in the lists, so that they are found first.
        assert!(matches!(finding.problem, Problem::AgentWithoutRole { .. }), "{finding}");
        for list in [POLICY, CHECKS] {
            guarded.tenant.set(list, json!([own, FOUNDRY_AGENT]));
        }
        let finding = admin.doctor(&[BLUEPRINT]).await.unwrap().unwrap();
        assert!(matches!(finding.problem, Problem::RoleNotInherited { .. }), "{finding}");
        assert_eq!(finding.remedy, Remedy::Preauthorize(object_id(BLUEPRINT)));
        admin.preauthorize(&[BLUEPRINT]).await.unwrap();
        assert_eq!(answer(&guarded, FIRST).await, 200);
    }
}

/// An operator may let in one agent of a blueprint and not the others.
#[tokio::test]
async fn an_agent_that_inherits_the_role_need_not_be_listed() {
    let guarded = with_blueprint().await;
    let admin = &guarded.admin;
    admin.preauthorize(&[BLUEPRINT]).await.unwrap();
    for list in [POLICY, CHECKS] {
        guarded.tenant.set(list, json!([guarded.tenant.client_id(), FOUNDRY_AGENT, FIRST]));
    }
    assert_eq!(admin.doctor(&[]).await.unwrap(), None);
    let finding = admin.doctor(&[SECOND]).await.unwrap().unwrap();
    assert!(matches!(finding.problem, Problem::AgentNotListed { .. }), "{finding}");
    let listed = admin.list().await.unwrap();
    let second = listed.iter().find(|it| it.app_id == SECOND.to_string()).unwrap();
    assert_eq!(second.missing_grants.len(), 2);
}

/// An agent cannot be registered as a client of people, so its user account is let in by the agent's own place.
#[tokio::test]
async fn an_agents_user_account_is_let_in_with_the_agent() {
    let guarded = with_blueprint().await;
    let account = Uuid::from_u128(5);
    guarded.tenant.directory(|directory| {
        directory.users.push(User {
            id: account,
            identity_parent_id: Some(object_id(FIRST)),
            ..User::default()
        });
    });
    let own = guarded.tenant.client_id();
    let claims = guarded.tenant.cloud().user_claims(account, FIRST, own, &["user_impersonation"]);
    let token = [("the account".to_owned(), guarded.signed(&claims.unwrap()))];
    let predicted = guarded.compare("before", &token).await;
    let (_, refusal) = predicted[0].refusal().unwrap();
    assert_eq!(refusal.remedy, Remedy::Preauthorize(FIRST));
    guarded.admin.preauthorize(&[FIRST]).await.unwrap();
    assert_eq!(guarded.compare("after", &token).await[0].refusal(), None);
    let error = guarded.admin.preauthorize(&[account]).await.unwrap_err().to_string();
    assert!(error.contains("agentUser"), "{error}");
}

/// Pseudo-random numbers (SplitMix64): each run has the same directories.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % limit
    }

    fn is(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }
}

/// Fills a tenant that was set up with random identities, roles and lists, and gives the ids of the identities.
fn fill(tenant: &Tenant, random: &mut Random) -> Vec<Uuid> {
    let own = tenant.client_id();
    let role = tenant.application(|it| it.app_roles[0].id);
    let id = |number: u64| Uuid::from_u128((0xd1 << 120) | u128::from(number));
    let kinds =
        ["ServiceIdentity", "ServiceIdentity", "ServiceIdentity", "ManagedIdentity", "Application"];
    let mut clients = Vec::new();
    tenant.directory(|directory| {
        let resource = directory.service_principal(own).unwrap().id;
        let blueprints: Vec<_> = (0..=random.below(2)).map(|number| id(1 + number)).collect();
        for blueprint in &blueprints {
            let entries = match random.below(6) {
                0 => vec![],
                1 => vec![inherited(own, InheritanceKind::None)],
                2 => vec![inherited(Uuid::max(), InheritanceKind::AllAllowed)],
                _ => vec![inherited(own, InheritanceKind::AllAllowed)],
            };
            add_blueprint(directory, *blueprint, entries);
            clients.push(*blueprint);
        }
        for number in 0..=random.below(5) {
            let kind = kinds[usize::try_from(random.below(5)).unwrap()];
            let of = blueprints.get(usize::try_from(random.below(2)).unwrap()).copied();
            add_principal(
                directory,
                id(100 + number),
                kind,
                of.filter(|_| kind == "ServiceIdentity"),
            );
            clients.push(id(100 + number));
        }
        for client in &clients {
            let is_blueprint = blueprints.contains(client);
            if random.is(3) != is_blueprint {
                directory.assign(object_id(*client), resource, role);
            }
            if random.is(8) {
                let mut all = directory.service_principals.iter_mut();
                let disabled = all.find(|it| it.app_id == *client).unwrap();
                disabled.other.insert("accountEnabled".to_owned(), json!(false));
            }
        }
    });
    let mut list = |ids: &[Uuid]| -> Value {
        if random.is(6) {
            return json!([]);
        }
        let chosen: Vec<_> = ids.iter().filter(|_| !random.is(3)).collect();
        if chosen.is_empty() { json!([own]) } else { json!(chosen) }
    };
    let objects: Vec<_> = clients.iter().map(|it| object_id(*it)).collect();
    let (policy, checks) = (list(&clients), list(&clients));
    let identities = if list(&[own]) == json!([]) { list(&objects) } else { json!([]) };
    tenant.set(POLICY, policy);
    tenant.set(CHECKS, checks);
    tenant.site(|site| {
        let entra = &mut site.auth_settings["identityProviders"]["azureActiveDirectory"];
        let policy = &mut entra["validation"]["defaultAuthorizationPolicy"];
        policy["allowedPrincipals"] = json!({ "identities": identities });
    });
    clients
}

#[tokio::test]
async fn what_is_listed_is_what_issuer_gateway_and_app_do() {
    let guarded = Guarded::start().await;
    let saved = guarded.tenant.saved();
    let mut random = Random(7);
    let (mut accepted, mut inheriting) = (0, 0);
    for round in 0..40 {
        guarded.tenant.restore(&saved);
        let mut clients = fill(&guarded.tenant, &mut random);
        clients.push(OTHER_AGENT);
        let listed = guarded.admin.list().await.unwrap();
        for client in clients {
            let access = listed.iter().find(|it| it.app_id == client.to_string());
            let may_call = access.is_some_and(entra_admin::Access::may_call);
            let status = answer(&guarded, client).await;
            assert_eq!(may_call, status == 200, "round {round}, {client}: {access:?}, {status}");
            accepted += usize::from(may_call);
            inheriting +=
                usize::from(access.is_some_and(|it| it.inherits_from.is_some() && may_call));
        }
        let all_have_reasons =
            listed.iter().all(|it| it.may_call() || !it.missing_grants.is_empty());
        assert!(all_have_reasons);
    }
    assert!(accepted > 20 && inheriting > 3, "{accepted} {inheriting}");
    guarded.tenant.restore(&saved);
    let listed = guarded.admin.list().await.unwrap();
    assert!(listed.iter().all(|it| !it.missing_grants.contains(&MissingGrant::Enabled)));
}
