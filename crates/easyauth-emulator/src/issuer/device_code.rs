//! Sign-in for devices without a browser: a person enters the device's code elsewhere (RFC 8628).

use std::collections::HashMap;

use axum::{
    Form, Json,
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    error::TokenError,
    form::Parameters,
    is_tenant,
    page::{escape, page},
};
use crate::Cloud;

/// Seconds for which a code is good.
const SECONDS: i64 = 900;
/// How many characters a person types.
const USER_CODE: usize = 9;

/// The codes that devices wait with, by what the device knows.
#[derive(Debug, Default)]
pub(crate) struct DeviceCodes(HashMap<String, DeviceCode>);

#[derive(Debug)]
struct DeviceCode {
    /// What the person types.
    user_code: String,
    client_id: Uuid,
    scope: String,
    /// The person who has entered the code.
    user_id: Option<Uuid>,
    expires: i64,
}

impl DeviceCodes {
    /// A new code: for the device, and for the person.
    fn keep(&mut self, client_id: Uuid, scope: String, now: i64) -> (String, String) {
        self.0.retain(|_, code| now < code.expires);
        let user_code = Uuid::new_v4().simple().to_string()[..USER_CODE].to_uppercase();
        let device_code = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let expires = now + SECONDS;
        let code =
            DeviceCode { user_code: user_code.clone(), client_id, scope, user_id: None, expires };
        self.0.insert(device_code.clone(), code);
        (device_code, user_code)
    }

    /// Notes that a person has entered a code; whether there is such a code.
    fn enter(&mut self, user_code: &str, user_id: Uuid, now: i64) -> bool {
        let mut codes = self.0.values_mut().filter(|code| now < code.expires);
        let found = codes.find(|code| code.user_code.eq_ignore_ascii_case(user_code.trim()));
        found.map(|code| code.user_id = Some(user_id)).is_some()
    }

    /// The person and the scope, once a person has entered the code of this client's device.
    pub(super) fn take(
        &mut self,
        device_code: &str,
        client_id: Uuid,
        now: i64,
    ) -> Result<(Uuid, String), TokenError> {
        let code = self.0.get(device_code);
        let code = code.filter(|code| now < code.expires && code.client_id == client_id);
        let user_id = code.ok_or(TokenError::DeviceCode)?.user_id.ok_or(TokenError::Pending)?;
        let code = self.0.remove(device_code).ok_or(TokenError::DeviceCode)?;
        Ok((user_id, code.scope))
    }
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`
pub(super) async fn begin(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Json<Value>, TokenError> {
    if !is_tenant(&cloud, &tenant) {
        return Err(TokenError::Tenant);
    }
    let form = Parameters::new(pairs)?;
    let client_id = form.required("client_id")?.parse().map_err(|_| TokenError::Client)?;
    cloud.directory().application(client_id).ok_or(TokenError::Client)?;
    let scope = form.required("scope")?.to_owned();
    let now = cloud.now().timestamp();
    let (device_code, user_code) = cloud.device_codes().keep(client_id, scope, now);
    let address = format!("{}/devicelogin", cloud.origin());
    Ok(Json(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": address,
        "expires_in": SECONDS,
        "interval": cloud.options().issuer.device_code_interval,
        "message": format!("To sign in, open {address} and enter the code {user_code}."),
    })))
}

#[derive(Debug, Deserialize)]
pub(super) struct Entered {
    user_code: Option<String>,
    /// The person's user principal name.
    login_hint: Option<String>,
}

/// `GET /devicelogin`: asks for the code and for the person.
pub(super) async fn ask(State(cloud): State<Cloud>, Query(entered): Query<Entered>) -> Response {
    let code = escape(entered.user_code.as_deref().unwrap_or_default());
    let users: Vec<_> = cloud.directory().people().cloned().collect();
    let buttons = users.iter().map(|user| {
        let (hint, name) = (escape(&user.user_principal_name), escape(&user.display_name));
        format!("<button name=\"login_hint\" value=\"{hint}\">{name}</button>\n")
    });
    let buttons: String = buttons.collect();
    page(
        "Enter the code",
        &format!(
            "<form method=\"post\">\n<label>Code <input name=\"user_code\" value=\"{code}\" autocapitalize=\"characters\" autocomplete=\"off\" required></label>\n<p>Who are you? This is a test double: no password is asked.</p>\n{buttons}</form>"
        ),
    )
}

/// `POST /devicelogin`
pub(super) async fn enter(
    State(cloud): State<Cloud>,
    Form(entered): Form<Entered>,
) -> Result<Response, TokenError> {
    let code = entered.user_code.ok_or(TokenError::Missing("user_code"))?;
    let hint = entered.login_hint.ok_or(TokenError::Missing("login_hint"))?;
    let user = cloud.directory().people().find(|it| it.user_principal_name == hint).cloned();
    let user = user.ok_or(TokenError::NoUser)?;
    let now = cloud.now().timestamp();
    if !cloud.device_codes().enter(&code, user.id, now) {
        return Err(TokenError::DeviceCode);
    }
    Ok(page("Signed in", "<p>You can close this page and return to your device.</p>"))
}
