// App Service Authentication: the settings document that tests and emulator also read, with its placeholders filled in.
param webAppName string
param clientId string
param allowedClients string

// The list always contains the app itself: the platform's behaviour with an empty list is not documented.
var clients = empty(allowedClients) ? [clientId] : union([clientId], split(replace(allowedClients, ' ', ''), ','))
var template = loadTextContent('../authsettings.json')
var withClients = replace(template, '"__ALLOWED_CLIENTS__"', string(clients))
var withTenant = replace(withClients, '__TENANT_ID__', tenant().tenantId)
var settings = json(replace(withTenant, '__CLIENT_ID__', clientId))

resource webApp 'Microsoft.Web/sites@2024-04-01' existing = {
  name: webAppName
}

resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: webApp
  name: 'authsettingsV2'
  properties: settings.properties
}
