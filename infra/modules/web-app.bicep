// The web app: one container on a Linux plan, with the settings that the server reads.
param name string
param planName string
param location string
param tags { *: string }
param planSku string
param instances int
param zoneRedundant bool
param imageName string
param subnetId string
param identityId string
param identityClientId string
param databaseConnection string
param insightsConnection string
param pgBouncer bool
param permissionScope string
param logId string

// Runs until the first deployment, because a container web app cannot exist without an image.
var placeholderImage = 'mcr.microsoft.com/appsvc/staticsite:latest'
var port = 8000
// A tool call may take 30 s. The drain time allows it to end, and the platform kills the container only afterwards.
var drainSeconds = 35
var stopSeconds = 45

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'linux'
  sku: { name: planSku, capacity: instances }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource webApp 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app by this tag.
  tags: { ...tags, 'azd-service-name': 'web' }
  kind: 'app,linux,container'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      linuxFxVersion: 'DOCKER|${empty(imageName) ? placeholderImage : imageName}'
      acrUseManagedIdentityCreds: true
      acrUserManagedIdentityID: identityClientId
      alwaysOn: true
      healthCheckPath: '/healthz'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      vnetRouteAllEnabled: true
      appSettings: [
        { name: 'WEBSITES_PORT', value: string(port) }
        { name: 'BIND', value: '0.0.0.0:${port}' }
        { name: 'WEBSITES_CONTAINER_STOP_TIME_LIMIT', value: string(stopSeconds) }
        { name: 'DRAIN_SECONDS', value: string(drainSeconds) }
        { name: 'WEBSITES_ENABLE_APP_SERVICE_STORAGE', value: 'false' }
        { name: 'WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES', value: permissionScope }
        { name: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID', value: identityClientId }
        { name: 'ENTRA_TENANT_ID', value: tenant().tenantId }
        { name: 'AZURE_CLIENT_ID', value: identityClientId }
        { name: 'AZURE_POSTGRESQL_CONNECTIONSTRING', value: databaseConnection }
        { name: 'DATABASE_AUTH', value: 'entra' }
        { name: 'DATABASE_PGBOUNCER', value: string(pgBouncer) }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnection }
      ]
    }
  }

  // Each slot has its own authentication, and so its own identity.
  resource slotSettings 'config' = {
    name: 'slotConfigNames'
    properties: { appSettingNames: ['OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'] }
  }

  // Disables deployment with a password.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

// No newer version has the categories of logs: 2016-09-01, which the rule names, is older.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: webApp
  name: 'to-log-analytics'
  properties: {
    workspaceId: logId
    logs: [
      { category: 'AppServiceAuthenticationLogs', enabled: true }
      { category: 'AppServiceConsoleLogs', enabled: true }
      { category: 'AppServiceHTTPLogs', enabled: true }
      { category: 'AppServicePlatformLogs', enabled: true }
    ]
    metrics: [
      { category: 'AllMetrics', enabled: true }
    ]
  }
}

output id string = webApp.id
output name string = webApp.name
output origin string = 'https://${webApp.properties.defaultHostName}'
