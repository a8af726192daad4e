// The app registration: its scope, app role and service principal. Its credential is a managed identity, not a secret.
extension microsoftGraphV1

@description('The key with which a later deployment finds the registration.')
param uniqueName string
param displayName string
param webAppOrigin string
param identityPrincipalId string

// A registration in Bicep cannot contain its own id, and any other URI of this form must contain the tenant id.
var identifierUri = 'api://${tenant().tenantId}/${uniqueName}'
var scopeName = 'user_impersonation'

resource application 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'
  identifierUris: [identifierUri]
  api: {
    // Access tokens of version 2.0, whose audience is the client id.
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: guid(uniqueName, scopeName)
        value: scopeName
        type: 'User'
        isEnabled: true
        adminConsentDisplayName: 'Read and review restaurants'
        adminConsentDescription: 'Read and review restaurants in the name of the signed-in user.'
        userConsentDisplayName: 'Read and review restaurants'
        userConsentDescription: 'Read and review restaurants in your name.'
      }
    ]
  }
  appRoles: [
    {
      id: guid(uniqueName, 'MCP.Access')
      value: 'MCP.Access'
      displayName: 'MCP access'
      description: 'Call the MCP tools as a program.'
      allowedMemberTypes: ['Application']
      isEnabled: true
    }
    {
      id: guid(uniqueName, 'Reviews.Moderate')
      value: 'Reviews.Moderate'
      displayName: 'Moderate reviews'
      description: 'Hide and restore the restaurants and reviews of others.'
      allowedMemberTypes: ['User']
      isEnabled: true
    }
  ]
  web: {
    redirectUris: ['${webAppOrigin}/.auth/login/aad/callback']
    implicitGrantSettings: { enableIdTokenIssuance: true }
  }
}

// App roles can be assigned only on a service principal.
resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: application.appId
}

resource credential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${application.uniqueName}/app-identity'
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identityPrincipalId
  audiences: ['api://AzureADTokenExchange']
  description: 'The managed identity of the web app replaces a client secret.'
}

output clientId string = application.appId
output identifierUri string = identifierUri
output permissionScope string = '${identifierUri}/${scopeName}'
