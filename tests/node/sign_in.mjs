// Signs in with @azure/identity, unmodified, in one of the ways that it offers.
//
// Usage: sign_in.mjs FLOW CONFIGURATION
//
// CONFIGURATION is a JSON object. Prints one JSON object with the access token.

import * as identity from "@azure/identity";

const [flow, configuration] = process.argv.slice(2);
const its = JSON.parse(configuration);
const where = { authorityHost: its.origin, disableInstanceDiscovery: true };

/** A person enters a device's code. */
async function enter({ verificationUri, userCode }) {
  const body = new URLSearchParams({ user_code: userCode, login_hint: its.user });
  const answer = await fetch(verificationUri, { method: "POST", body });
  if (!answer.ok) throw new Error(await answer.text());
}

/** A person who signs in with the browser that BROWSER names. */
function interactive(options) {
  const client = { tenantId: its.tenant, clientId: its.public_client };
  return new identity.InteractiveBrowserCredential({ ...client, ...options, ...where });
}

const flows = {
  secret: () => [new identity.ClientSecretCredential(its.tenant, its.client, its.secret, where)],
  certificate: () => [
    new identity.ClientCertificateCredential(its.tenant, its.client, its.certificate, where),
  ],
  federated_assertion: () => [
    new identity.ClientAssertionCredential(
      its.tenant, its.client, async () => its.assertion, where,
    ),
  ],
  workload_identity: () => {
    const file = { tokenFilePath: its.assertion_file };
    const client = { tenantId: its.tenant, clientId: its.client };
    return [new identity.WorkloadIdentityCredential({ ...client, ...file, ...where })];
  },
  managed_identity: () => [new identity.ManagedIdentityCredential()],
  authorization_code: () => [interactive(), its.user_scope],
  refresh: async () => {
    const credential = interactive({ disableAutomaticAuthentication: true });
    await credential.authenticate(its.user_scope);
    return [credential, its.next_scope];
  },
  device_code: () => {
    const options = { tenantId: its.tenant, clientId: its.public_client };
    const prompt = { userPromptCallback: enter };
    return [new identity.DeviceCodeCredential({ ...options, ...prompt, ...where }), its.user_scope];
  },
  on_behalf_of: () => {
    const proof = { clientSecret: its.api_secret, userAssertionToken: its.user_assertion };
    const client = { tenantId: its.tenant, clientId: its.api };
    return [new identity.OnBehalfOfCredential({ ...client, ...proof, ...where }), its.next_scope];
  },
};

const [credential, scope = its.scope] = await flows[flow]();
const { token } = await credential.getToken(scope);
console.log(JSON.stringify({ access_token: token }));
