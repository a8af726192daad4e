//! The checks of the contract. The error of each names the request and the response.

use axum::Router;
use http::Method;
use serde_json::{Value, json};

use super::{
    call::Call,
    gate::{Gate, Header, bearer, header, token},
    issuer::{TestIssuer, of_foreign_tenant, unsigned, with},
    request::{Answer, send},
};

/// A path that no service has.
const UNKNOWN: &str = "/7e000000-unknown";

type Checked = Result<(), String>;

impl Gate {
    /// Checks that callers with the role or scope may call the listed operation.
    ///
    /// # Errors
    /// When they may not.
    pub async fn listed_operation(&self) -> Checked {
        for service in self.services() {
            for caller in self.callers(false) {
                let credentials = [(service.credentials)(&caller)];
                expect(&service.router, &self.listed, &credentials, Answer::is_success).await?;
            }
        }
        Ok(())
    }

    /// Checks that callers may call the hidden operation with its role alone.
    ///
    /// # Errors
    /// When they may without it, or may not with it.
    pub async fn hidden_operation(&self) -> Checked {
        let Some((hidden, _)) = &self.hidden else { return Ok(()) };
        for service in self.services() {
            for caller in self.callers(false) {
                let credentials = [(service.credentials)(&caller)];
                expect(&service.router, hidden, &credentials, Answer::is_refusal).await?;
            }
            for caller in self.callers(true) {
                let credentials = [(service.credentials)(&caller)];
                expect(&service.router, hidden, &credentials, Answer::is_success).await?;
            }
        }
        Ok(())
    }

    /// Checks that a caller without role and scope gets 403 with a challenge.
    ///
    /// # Errors
    /// When such a caller gets another response.
    pub async fn missing_role(&self) -> Checked {
        for service in self.services() {
            for caller in without_permission() {
                let credentials = [(service.credentials)(&caller)];
                let forbidden = Answer::is_insufficient_scope;
                expect(&service.router, &self.listed, &credentials, forbidden).await?;
            }
        }
        Ok(())
    }

    /// Checks that requests without credentials, or with those of another kind, are rejected.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn no_credentials(&self) -> Checked {
        for service in self.services() {
            let basic = ("authorization", "Basic YWRtaW46YWRtaW4=".to_owned());
            for headers in [vec![], vec![basic], vec![("cookie", "AppServiceAuthSession=x".into())]]
            {
                self.rejected(&service.router, &headers).await?;
            }
        }
        if let Some(build) = &self.behind_platform {
            for caller in self.callers(false) {
                self.rejected(&build(), &[token(&caller)]).await?;
            }
        }
        Ok(())
    }

    /// Checks that tokens of another key, unsigned ones and changed ones are rejected.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn forged_token(&self) -> Checked {
        self.tokens_rejected(&self.forged_tokens()).await
    }

    /// Checks that tokens outside their time are rejected.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn expired_token(&self) -> Checked {
        self.tokens_rejected(&self.expired_tokens()).await
    }

    /// Checks that callers of another tenant are rejected.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn foreign_tenant(&self) -> Checked {
        for service in self.services() {
            for caller in self.callers(true) {
                let credentials = (service.credentials)(&of_foreign_tenant(&caller));
                self.rejected(&service.router, &[credentials]).await?;
            }
        }
        Ok(())
    }

    /// Checks that tokens for another service are rejected.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn wrong_audience(&self) -> Checked {
        self.tokens_rejected(&self.changed(&json!({ "aud": TestIssuer::OTHER_API }))).await
    }

    /// Checks that tokens of a client application that is not allowed are rejected. Behind the platform, the platform checks
    /// the client application.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn unlisted_client(&self) -> Checked {
        self.tokens_rejected(&self.changed(&json!({ "azp": TestIssuer::UNLISTED_CLIENT }))).await
    }

    /// Checks that a service without the platform in front gives a client principal header no effect.
    ///
    /// # Errors
    /// When the header changes a response.
    pub async fn forged_header(&self) -> Checked {
        let Some(build) = &self.with_tokens else { return Ok(()) };
        let router = build();
        for caller in self.callers(true) {
            self.rejected(&router, &[header(&caller)]).await?;
            for own in without_permission().map(|own| token(&own)) {
                let without = send(&router, &self.listed, std::slice::from_ref(&own)).await?;
                let forged = [own, header(&caller)];
                let same = |answer: &Answer| *answer == without;
                expect(&router, &self.listed, &forged, same).await?;
            }
        }
        Ok(())
    }

    /// Checks that client principal headers that the platform never writes are rejected.
    ///
    /// # Errors
    /// When one gets another response than 401.
    pub async fn malformed_header(&self) -> Checked {
        let Some(build) = &self.behind_platform else { return Ok(()) };
        for headers in self.malformed_headers() {
            self.rejected(&build(), &headers).await?;
        }
        Ok(())
    }

    /// Checks that routes without authentication give identity headers no effect.
    ///
    /// # Errors
    /// When one changes a response.
    pub async fn public_route(&self) -> Checked {
        let [caller, _] = self.callers(true);
        for service in self.services() {
            for public in &self.public {
                let without = send(&service.router, public, &[]).await?;
                let same = |answer: &Answer| *answer == without;
                let forged = [
                    header(&caller),
                    token(&caller),
                    ("x-ms-client-principal-id", TestIssuer::OBJECT_ID.to_owned()),
                    ("x-ms-client-principal-name", "forged".to_owned()),
                    ("x_ms_client_principal_name", "forged".to_owned()),
                ];
                for identity in forged {
                    expect(&service.router, public, &[identity], same).await?;
                }
            }
        }
        Ok(())
    }

    /// Checks that a request without credentials cannot tell a known path or method from an unknown one.
    ///
    /// # Errors
    /// When two responses differ in more than their metadata address.
    pub async fn unknown_path(&self) -> Checked {
        for service in self.services() {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let known = self.listed.method(method.clone());
                let answer = expect(&service.router, &known, &[], Answer::is_unauthorized).await?;
                let unknown = known.path(UNKNOWN);
                let same = |other: &Answer| other.is_like(&answer);
                expect(&service.router, &unknown, &[], same).await?;
            }
        }
        Ok(())
    }

    /// Checks that all refused credentials get the same response.
    ///
    /// # Errors
    /// When two responses with 401 differ.
    pub async fn identical_refusals(&self) -> Checked {
        let tokens = [self.forged_tokens(), self.expired_tokens()].concat();
        let tokens = tokens.iter().map(|token| vec![bearer(token)]);
        let attacks: Vec<_> = tokens.chain(self.malformed_headers()).collect();
        for service in self.services() {
            let first = send(&service.router, &self.listed, &[]).await?;
            for headers in &attacks {
                let same = |answer: &Answer| !answer.is_unauthorized() || *answer == first;
                expect(&service.router, &self.listed, headers, same).await?;
            }
        }
        Ok(())
    }

    async fn rejected(&self, router: &Router, headers: &[Header]) -> Checked {
        expect(router, &self.listed, headers, Answer::is_unauthorized).await.map(drop)
    }

    async fn tokens_rejected(&self, tokens: &[String]) -> Checked {
        let Some(build) = &self.with_tokens else { return Ok(()) };
        for token in tokens {
            self.rejected(&build(), &[bearer(token)]).await?;
        }
        Ok(())
    }

    fn forged_tokens(&self) -> Vec<String> {
        let none = json!({ "typ": "JWT", "alg": "none", "kid": "test" });
        let callers = self.callers(true);
        let [good, _] = without_permission();
        let good = TestIssuer.token(&good);
        let signature = good.rsplit('.').next().unwrap_or_default();
        let forge = |caller: &Value| {
            let message = unsigned(&json!({ "alg": "RS256", "kid": "test" }), caller);
            [
                TestIssuer.forged_token(caller),
                format!("{}.", unsigned(&none, caller)),
                format!("{message}.{signature}"),
                message,
            ]
        };
        callers.iter().flat_map(forge).collect()
    }

    fn expired_tokens(&self) -> Vec<String> {
        let past = json!({ "exp": 1_000_000_000, "nbf": 999_996_400, "iat": 999_996_400 });
        let future = json!({ "nbf": 9_000_000_000_i64, "exp": 9_000_003_600_i64 });
        [self.changed(&past), self.changed(&future)].concat()
    }

    /// Tokens of allowed callers with these claims instead.
    fn changed(&self, changes: &Value) -> Vec<String> {
        let callers = self.callers(true);
        callers.iter().map(|caller| TestIssuer.token(&with(caller, changes))).collect()
    }

    fn malformed_headers(&self) -> Vec<Vec<Header>> {
        let [caller, _] = self.callers(true);
        let (name, good) = header(&caller);
        let nameless = with(&caller, &json!({ "oid": "" }));
        vec![
            vec![(name, String::new())],
            vec![(name, "e30".to_owned())],
            vec![(name, format!("!{good}"))],
            vec![(name, good.clone()), (name, good)],
            vec![header(&nameless)],
            vec![("x-ms-client-principal-id", TestIssuer::OBJECT_ID.to_owned())],
        ]
    }
}

/// An application and a user without any role or scope.
fn without_permission() -> [Value; 2] {
    [TestIssuer.application(&[]), TestIssuer.user(&[])]
}

/// Sends a request, and checks the response.
async fn expect(
    router: &Router,
    call: &Call,
    headers: &[Header],
    is_right: impl Fn(&Answer) -> bool,
) -> Result<Answer, String> {
    let answer = send(router, call, headers).await?;
    if is_right(&answer) {
        return Ok(answer);
    }
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let Call { method, path, .. } = call;
    Err(format!("{method} {path} with the headers {names:?} got: {answer}"))
}
