// App Service Authentication: the settings document that tests and emulator also read, with its placeholders filled in.
param webAppName string
param clientId string
param allowedClients string

// The list always contains the app itself: the platform's behaviour with an empty list is not documented.
var clients = empty(allowedClients) ? [clientId] : union([clientId], split(replace(allowedClients, ' ', ''), ','))
var settings = loadJsonContent('../authsettings.json', 'properties')
var entra = settings.identityProviders.azureActiveDirectory

resource webApp 'Microsoft.Web/sites@2025-03-01' existing = {
  name: webAppName
}

// Every property is named, so that the compiler checks it and the snapshots show it. A check compares the whole with the
// document.
resource authentication 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: webApp
  name: 'authsettingsV2'
  properties: {
    platform: settings.platform
    globalValidation: settings.globalValidation
    identityProviders: {
      azureActiveDirectory: {
        enabled: entra.enabled
        registration: {
          openIdIssuer: replace(entra.registration.openIdIssuer, '__TENANT_ID__', tenant().tenantId)
          clientId: clientId
          clientSecretSettingName: entra.registration.clientSecretSettingName
        }
        validation: {
          allowedAudiences: ['api://${clientId}']
          jwtClaimChecks: { allowedClientApplications: clients }
          defaultAuthorizationPolicy: { allowedApplications: clients }
        }
      }
    }
    login: settings.login
    httpSettings: settings.httpSettings
  }
}
