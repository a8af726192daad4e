//! `why`: the answer of each check to an access token, under the live settings. The token is sent nowhere.

mod caller;
mod examination;
mod issuer;
mod token;

use uuid::Uuid;

use self::{caller::Caller, token::Token};
pub use self::{
    examination::{Examination, Refusal, TokenCheck, Verdict},
    issuer::TokenIssuer,
};
use crate::{
    Admin, AdminError, AzureCloud, Remedy,
    auth_settings::{AuthSettings, at},
    doctor,
    printable::printable,
    registration::{ROLE, Registration, SCOPE},
};

/// Seconds by which the platform lets clocks differ: the default of its library.
const LEEWAY_SECONDS: i64 = 300;
/// The path of the MCP server.
const PATH: &str = "/mcp";

/// The live settings that decide which access tokens the MCP server accepts, as they were when they were read.
#[derive(Debug, Clone)]
pub struct TokenExaminer {
    tenant_id: Uuid,
    cloud: AzureCloud,
    issuer: TokenIssuer,
    settings: AuthSettings,
    registration: Registration,
    /// Object ids of the service principals that have the role.
    role_holders: Vec<String>,
}

impl Admin {
    /// Reads the live settings for [`TokenExaminer::examine`].
    ///
    /// # Errors
    /// When `setup` was not run, or Azure refuses.
    pub async fn token_examiner(&self, issuer: TokenIssuer) -> Result<TokenExaminer, AdminError> {
        let settings = self.auth_settings().await?;
        let registration = self.registration(&settings).await?;
        let holders = self.role_holders(&registration).await?;
        Ok(TokenExaminer {
            tenant_id: self.tenant_id,
            cloud: self.cloud,
            issuer,
            settings,
            registration,
            role_holders: holders.iter().map(|it| it.identity.object_id.to_string()).collect(),
        })
    }
}

impl TokenExaminer {
    /// Predicts the answer of each check to a token for a request to `/mcp` at a time, in seconds since 1970.
    ///
    /// The checks of the platform are those of the documentation, in its order; then comes the app's, for the role
    /// `MCP.Access` or the scope `user_impersonation`. A server that validates the token itself may allow less: clocks may
    /// differ by less than the platform's five minutes there.
    #[must_use]
    pub fn examine(&self, token: &str, now: i64) -> Examination {
        if let Some(verdict) = self.bypass() {
            return Examination { verdicts: vec![verdict] };
        }
        let Some(token) = Token::read(token) else {
            let remedy = self.another_token(None);
            let answer = "it is not three parts of base64url with JSON objects in the first two";
            return Examination {
                verdicts: vec![TokenCheck::Signature.refuses(401, answer, remedy)],
            };
        };
        let caller = Caller::of(&token);
        let mut verdicts = vec![
            self.signature(&token, &caller),
            self.time(&token, &caller, now),
            self.audience(&token, &caller),
            self.issuer(&token, &caller),
        ];
        verdicts.extend(self.lists(&token, &caller));
        verdicts.push(self.permission(&token, &caller));
        Examination { verdicts }
    }

    /// The settings under which the platform looks at no token. Then the app gets no identity, and answers 401 itself.
    fn bypass(&self) -> Option<Verdict> {
        let settings = &self.settings;
        let platform = TokenCheck::Platform;
        if !settings.text(at::CONFIG_FILE).is_empty() {
            let answer = "platform.configFilePath names a file that is used instead";
            return Some(platform.refuses(401, answer, Remedy::ClearConfigFile));
        }
        if !settings.is_on(at::ENABLED) {
            let answer = "platform.enabled is false, so the app gets no identity";
            return Some(platform.refuses(401, answer, self.setup()));
        }
        if settings.list(at::EXCLUDED).into_iter().any(is_excluded) {
            let answer = "excludedPaths excludes the MCP server, so the app gets no identity";
            return Some(platform.refuses(401, answer, Remedy::RemoveExcludedPath));
        }
        if !settings.is_on(at::PROVIDER) {
            let status = match settings.text(at::ACTION) {
                _ if !settings.is_on(at::REQUIRED) => 401,
                "Return401" | "AllowAnonymous" => 401,
                "Return403" => 403,
                _ => 302,
            };
            let answer = "the identity provider azureActiveDirectory is switched off";
            return Some(platform.refuses(status, answer, self.setup()));
        }
        None
    }

    fn signature(&self, token: &Token<'_>, caller: &Caller) -> Verdict {
        let check = TokenCheck::Signature;
        match self.issuer.fault(token) {
            None => check.accepts("a key that the issuer publishes has signed it"),
            Some(fault) => check.refuses(401, fault, self.another_token(Some(caller))),
        }
    }

    fn time(&self, token: &Token<'_>, caller: &Caller, now: i64) -> Verdict {
        let check = TokenCheck::Time;
        let another = || self.another_token(Some(caller));
        match token.time("exp") {
            None => return check.refuses(401, "it has no exp", another()),
            Some(exp) if now >= exp.saturating_add(LEEWAY_SECONDS) => {
                let answer = format!("it expired {} seconds ago", now.saturating_sub(exp));
                return check.refuses(401, answer, another());
            }
            Some(_) => {}
        }
        match token.time("nbf") {
            Some(nbf) if nbf > now.saturating_add(LEEWAY_SECONDS) => {
                let answer = format!("it is valid in {} seconds", nbf.saturating_sub(now));
                check.refuses(401, answer, Remedy::CorrectClock)
            }
            _ => check.accepts("it is valid now"),
        }
    }

    fn audience(&self, token: &Token<'_>, caller: &Caller) -> Verdict {
        let check = TokenCheck::Audience;
        let audience = token.text("aud");
        let allowed = self.settings.list(at::AUDIENCES);
        let is_client_id = audience == self.settings.text(at::CLIENT_ID);
        if !audience.is_empty() && (is_client_id || allowed.contains(&audience)) {
            return check.accepts(format!("{} is allowed", printable(audience)));
        }
        // What tokens for the registration name has to be in the settings.
        let is_ours = self.registration.audience().is_some_and(|own| own == audience);
        let remedy = if is_ours { self.setup() } else { self.another_token(Some(caller)) };
        let answer = format!(
            "{:?} is neither the client id nor in allowedAudiences ({})",
            printable(audience),
            printable(&allowed.join(", "))
        );
        check.refuses(401, answer, remedy)
    }

    fn issuer(&self, token: &Token<'_>, caller: &Caller) -> Verdict {
        let check = TokenCheck::Issuer;
        let (named, found) = (self.settings.text(at::ISSUER), token.text("iss"));
        let v1 = self.cloud.v1_issuer(self.tenant_id);
        let locates_v2 = doctor::locates_v2(self.cloud, self.tenant_id, named);
        let is_ours = found == v1 || found == self.issuer.name();
        if found == named || locates_v2 && is_ours {
            return check.accepts(format!("{} is that of openIdIssuer", printable(found)));
        }
        let answer = format!(
            "{:?} is not the issuer that openIdIssuer names ({:?})",
            printable(found),
            printable(named)
        );
        let remedy = if is_ours { self.setup() } else { self.another_token(Some(caller)) };
        check.refuses(401, answer, remedy)
    }

    /// Each list that has entries must have the caller's.
    fn lists(&self, token: &Token<'_>, caller: &Caller) -> Vec<Verdict> {
        let client = token.client();
        let object_id = token.text("oid");
        let entries = [
            (TokenCheck::AllowedApplications, at::POLICY, client),
            (TokenCheck::AllowedClientApplications, at::CHECKS, client),
            (TokenCheck::AllowedPrincipals, at::IDENTITIES, object_id),
        ];
        let verdict = |(check, way, id): (TokenCheck, &str, &str)| {
            let shown = printable(id);
            if self.settings.names(way, id) {
                check.accepts(format!("{shown} is in it"))
            } else if self.settings.list(way).is_empty() {
                check.accepts("it is empty and excludes no caller")
            } else {
                check.refuses(403, format!("{shown:?} is not in it"), caller.admission(check))
            }
        };
        entries.into_iter().map(verdict).chain(self.groups(token)).collect()
    }

    /// The lists of groups. Their entries are compared with the claim `groups`, which a token may lack though its user is a
    /// member.
    fn groups(&self, token: &Token<'_>) -> Option<Verdict> {
        let lists = [at::GROUPS, at::CHECKED_GROUPS].map(|way| self.settings.list(way));
        let is_member = |list: &Vec<&str>| {
            list.is_empty() || token.texts("groups").iter().any(|it| list.contains(&it.as_str()))
        };
        if lists.iter().all(Vec::is_empty) {
            return None;
        }
        let check = TokenCheck::AllowedGroups;
        Some(if lists.iter().all(is_member) {
            check.accepts("a group of the token is in each")
        } else {
            check.refuses(403, "no group of the token is in it", Remedy::AllowGroup)
        })
    }

    /// What the app asks for: a role of an application, a scope of a client that acts for a person.
    fn permission(&self, token: &Token<'_>, caller: &Caller) -> Verdict {
        let check = TokenCheck::Permission;
        if let Some(fault) = caller::fault(token) {
            return check.refuses(401, fault, self.another_token(Some(caller)));
        }
        if caller.is_user {
            if token.texts("scp").iter().any(|it| it.split(' ').any(|scope| scope == SCOPE)) {
                return check.accepts(format!("it has the scope {SCOPE}"));
            }
            let answer = format!("it is for a user, and lacks the scope {SCOPE}");
            return check.refuses(403, answer, self.another_token(Some(caller)));
        }
        if token.texts("roles").iter().any(|it| it == ROLE) {
            return check.accepts(format!("it has the role {ROLE}"));
        }
        let object_id = token.text("oid");
        let has_role = self.role_holders.iter().any(|it| it.eq_ignore_ascii_case(object_id));
        let answer = format!("it is of an application, and lacks the role {ROLE}");
        let (answer, remedy) = if has_role {
            (format!("{answer}, which was given since"), self.another_token(Some(caller)))
        } else {
            (answer, caller.admission(check))
        };
        check.refuses(403, answer, remedy)
    }

    /// A token for the app, as this caller requests it.
    fn another_token(&self, caller: Option<&Caller>) -> Remedy {
        let uri = self.registration.identifier_uri();
        let uri = uri.unwrap_or_else(|| self.registration.usual_uri());
        let name = if caller.is_some_and(|it| it.is_user) { SCOPE } else { ".default" };
        Remedy::RequestToken { scope: format!("{uri}/{name}") }
    }

    fn setup(&self) -> Remedy {
        Remedy::Setup { client_id: self.registration.client_id().parse().ok() }
    }
}

/// Whether an entry of `excludedPaths` is the path of the MCP server, or a folder with `/*` that has it.
fn is_excluded(entry: &str) -> bool {
    match entry.strip_suffix("/*") {
        Some(folder) => PATH.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
        None => entry == PATH,
    }
}
