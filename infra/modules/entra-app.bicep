// The app registration: its scope, its role and its service principal; an identity vouches for it, so no secret exists.
extension microsoftGraphV1

@description('The key by which a deployment finds its registration again.')
param uniqueName string
param displayName string
param webAppOrigin string
param identityPrincipalId string

// An application cannot name its own id here, and any other URI of this form must contain the tenant id.
var identifierUri = 'api://${tenant().tenantId}/${uniqueName}'
var scopeName = 'user_impersonation'

resource application 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'
  identifierUris: [identifierUri]
  api: {
    // Tokens of version 2, whose audience is the client id.
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
  ]
  web: {
    redirectUris: ['${webAppOrigin}/.auth/login/aad/callback']
    implicitGrantSettings: { enableIdTokenIssuance: true }
  }
}

// Without it no role can be assigned.
resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: application.appId
}

resource credential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${application.uniqueName}/app-identity'
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identityPrincipalId
  audiences: ['api://AzureADTokenExchange']
  description: 'The identity of the web app stands in for a client secret.'
}

output clientId string = application.appId
output identifierUri string = identifierUri
output permissionScope string = '${identifierUri}/${scopeName}'
