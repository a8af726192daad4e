"""Signs in with an official library, unmodified, in one of the ways that it offers.

Usage: sign_in.py LIBRARY FLOW CONFIGURATION

LIBRARY is `msal` or `azure_identity`; CONFIGURATION is a JSON object. Prints one JSON object with the access token.
"""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

import requests


class Configuration:
    """The tenant, the client, and what proves it."""

    def __init__(self, text):
        self.__dict__.update(json.loads(text))

    def authority(self):
        return f"{self.origin}/{self.tenant}"


def browse(address, user):
    """Where a person is sent after they selected their name."""
    answer = requests.get(address, params={"login_hint": user}, allow_redirects=False, timeout=20)
    answer.raise_for_status()
    return answer.headers["location"]


def enter(address, code, user):
    """A person enters a device's code."""
    form = {"user_code": code, "login_hint": user}
    requests.post(address, data=form, timeout=20).raise_for_status()


def msal(flow, its):
    import msal

    def of_program(client_id, credential):
        return msal.ConfidentialClientApplication(
            client_id,
            client_credential=credential,
            authority=its.authority(),
            instance_discovery=False,
        )

    def of_person():
        return msal.PublicClientApplication(
            its.public_client, authority=its.authority(), instance_discovery=False
        )

    def code(client):
        begun = client.initiate_auth_code_flow([its.user_scope], "http://localhost/callback")
        answer = urlsplit(browse(begun["auth_uri"], its.user)).query
        return client.acquire_token_by_auth_code_flow(begun, dict(parse_qsl(answer)))

    if flow == "secret":
        client = of_program(its.client, its.secret)
        return client.acquire_token_for_client([its.scope])
    if flow == "certificate":
        with open(its.certificate, encoding="utf-8") as file:
            key, certificate = file.read().split("\n\n")
        proof = {"private_key": key, "public_certificate": certificate}
        return of_program(its.client, proof).acquire_token_for_client([its.scope])
    if flow == "federated_assertion":
        client = of_program(its.client, {"client_assertion": its.assertion})
        return client.acquire_token_for_client([its.scope])
    if flow == "managed_identity":
        identity = msal.SystemAssignedManagedIdentity()
        client = msal.ManagedIdentityClient(identity, http_client=requests.Session())
        return client.acquire_token_for_client(resource=its.scope.removesuffix("/.default"))
    if flow == "authorization_code":
        return code(of_person())
    if flow == "refresh":
        client = of_person()
        code(client)
        (account,) = client.get_accounts()
        return client.acquire_token_silent([its.user_scope], account, force_refresh=True)
    if flow == "device_code":
        client = of_person()
        begun = client.initiate_device_flow([its.user_scope])
        enter(begun["verification_uri"], begun["user_code"], its.user)
        return client.acquire_token_by_device_flow(begun)
    if flow in ("agent_identity", "agent_user"):
        # Each token is the assertion of the next client.
        parent = of_program(its.blueprint, its.api_secret)
        exchange = ["api://AzureADTokenExchange/.default"]
        token = parent.acquire_token_for_client(exchange, fmi_path=its.agent_identity)
        agent = of_program(its.agent_identity, {"client_assertion": token["access_token"]})
        if flow == "agent_identity":
            return agent.acquire_token_for_client([its.scope])
        own = agent.acquire_token_for_client(exchange)["access_token"]
        return agent.acquire_token_by_user_federated_identity_credential(
            [its.user_scope], own, user_object_id=its.agent_user
        )
    assert flow == "on_behalf_of", flow
    client = of_program(its.api, its.api_secret)
    return client.acquire_token_on_behalf_of(its.user_assertion, [its.next_scope])


def azure_identity(flow, its):
    from azure import identity

    where = {"authority": its.origin, "disable_instance_discovery": True}
    program = {"tenant_id": its.tenant, "client_id": its.client, **where}
    person = {"tenant_id": its.tenant, "client_id": its.public_client, **where}

    def interactive(**options):
        """A person who signs in with the browser that BROWSER names."""
        return identity.InteractiveBrowserCredential(**options, **person)

    scope = its.scope
    if flow == "secret":
        credential = identity.ClientSecretCredential(client_secret=its.secret, **program)
    elif flow == "certificate":
        credential = identity.CertificateCredential(certificate_path=its.certificate, **program)
    elif flow == "federated_assertion":
        credential = identity.ClientAssertionCredential(func=lambda: its.assertion, **program)
    elif flow == "workload_identity":
        file = its.assertion_file
        credential = identity.WorkloadIdentityCredential(token_file_path=file, **program)
    elif flow == "managed_identity":
        credential = identity.ManagedIdentityCredential()
    elif flow == "authorization_code":
        credential, scope = interactive(), its.user_scope
    elif flow == "refresh":
        scope = its.next_scope
        credential = interactive(disable_automatic_authentication=True)
        credential.authenticate(scopes=[its.user_scope])
    elif flow == "device_code":
        scope = its.user_scope
        prompt = lambda address, code, _: enter(address, code, its.user)
        credential = identity.DeviceCodeCredential(prompt_callback=prompt, **person)
    else:
        assert flow == "on_behalf_of", flow
        scope = its.next_scope
        proof = {"client_secret": its.api_secret, "user_assertion": its.user_assertion}
        credential = identity.OnBehalfOfCredential(its.tenant, its.api, **proof, **where)
    return {"access_token": credential.get_token(scope).token}


def main(library, flow, configuration):
    answer = {"msal": msal, "azure_identity": azure_identity}[library](
        flow, Configuration(configuration)
    )
    print(json.dumps({"access_token": answer.get("access_token"), "error": answer.get("error")}))


main(*sys.argv[1:])
