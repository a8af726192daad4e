// The whole Azure deployment: this file names the resources and connects the modules.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the azd environment; part of every name.')
param environmentName string

@minLength(1)
@description('The region of all resources.')
param location string

@description('The image to run, with the name that azd pushed. Empty before the first deployment.')
param imageName string = ''

@description('Allowed client applications, as GUIDs separated by commas. The app itself is always allowed.')
param allowedClients string = ''

@description('Size of the App Service plan, for example B1, P0v3 or P1v3.')
param planSku string = 'B1'

@minValue(1)
@maxValue(30)
@description('Number of instances of the app. A plan of the tier Basic has at most three.')
param instances int = 1

@description('Spread the instances over zones. Needs a premium plan and at least two instances.')
param zoneRedundant bool = false

@allowed(['Burstable', 'GeneralPurpose', 'MemoryOptimized'])
@description('Tier of the database server.')
param databaseTier string = 'Burstable'

@description('Size of the database server, within its tier.')
param databaseSku string = 'Standard_B1ms'

@allowed(['Disabled', 'SameZone', 'ZoneRedundant'])
@description('Standby of the database server. Not available in the tier Burstable.')
param databaseHighAvailability string = 'Disabled'

@minValue(32)
@maxValue(32767)
@description('Size of the database disk in GiB: 32, 64, 128 and so on. It grows automatically and cannot shrink.')
param databaseStorageGB int = 32

@minValue(7)
@maxValue(35)
@description('Retention of database backups, in days.')
param databaseBackupDays int = 7

@description('Connect to the database through its PgBouncer. Not available in the tier Burstable.')
param pgBouncer bool = false

var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))
var webAppName = 'app-${token}'
var databaseServerName = 'psql-${token}'
var databaseName = 'restaurants'
// The identity that owns the tables has the name that the app's only identity had: earlier deployments upgrade in place.
var migrationIdentityName = 'id-${token}'
var appIdentityName = 'id-app-${token}'
var basicPlanInstances = 3
var planInstances = startsWith(planSku, 'B') && instances > basicPlanInstances
  ? fail('A plan of the tier Basic has at most ${basicPlanInstances} instances: set PLAN_SKU to P0v3 or more')
  : instances

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module appIdentity 'modules/identity.bicep' = {
  scope: group
  params: { name: appIdentityName, location: location, tags: tags }
}

module migrationIdentity 'modules/identity.bicep' = {
  scope: group
  params: { name: migrationIdentityName, location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: { logName: 'log-${token}', insightsName: 'appi-${token}', location: location, tags: tags }
}

module network 'modules/network.bicep' = {
  scope: group
  params: {
    name: 'vnet-${token}'
    zoneName: 'psql-${token}.private.postgres.database.azure.com'
    location: location
    tags: tags
  }
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: {
    name: 'cr${token}'
    // An assignment cannot change its principal, so its name contains the principal's id.
    #disable-next-line what-if-short-circuiting
    readerPrincipalIds: [appIdentity.outputs.principalId, migrationIdentity.outputs.principalId]
    location: location
    tags: tags
  }
}

module database 'modules/database.bicep' = {
  scope: group
  params: {
    name: databaseServerName
    location: location
    tags: tags
    tier: databaseTier
    sku: databaseSku
    highAvailability: databaseHighAvailability
    storageGB: databaseStorageGB
    backupDays: databaseBackupDays
    pgBouncer: pgBouncer
    subnetId: network.outputs.databaseSubnetId
    privateDnsZoneId: network.outputs.privateDnsZoneId
    logId: monitoring.outputs.logId
  }
}

module entraApp 'modules/entra-app.bicep' = {
  scope: group
  params: {
    uniqueName: 'restaurant-reviews-${token}'
    displayName: 'Restaurant reviews (${environmentName})'
    webAppOrigin: 'https://${webAppName}.azurewebsites.net'
    identityPrincipalId: appIdentity.outputs.principalId
  }
}

module web 'modules/web-app.bicep' = {
  scope: group
  params: {
    name: webAppName
    planName: 'plan-${token}'
    location: location
    tags: tags
    planSku: planSku
    instances: planInstances
    zoneRedundant: zoneRedundant
    imageName: imageName
    subnetId: network.outputs.webSubnetId
    identityId: appIdentity.outputs.id
    identityClientId: appIdentity.outputs.clientId
    databaseConnection: '${database.outputs.address} dbname=${databaseName} user=${appIdentityName}'
    insightsConnection: monitoring.outputs.insightsConnection
    pgBouncer: pgBouncer
    permissionScope: entraApp.outputs.permissionScope
    logId: monitoring.outputs.logId
  }
}

module authentication 'modules/authentication.bicep' = {
  scope: group
  dependsOn: [web]
  params: { webAppName: webAppName, clientId: entraApp.outputs.clientId, allowedClients: allowedClients }
}

// A new server accepts no administrator and no setting for some time, and after each deployment of the server again. The web
// app takes longer than that, so this waits for it. The app asks until the database is there.
module databaseContents 'modules/database-contents.bicep' = {
  scope: group
  dependsOn: [database, web]
  params: {
    serverName: databaseServerName
    databaseName: databaseName
    pgBouncer: pgBouncer
    administratorName: migrationIdentityName
    // The resource of an administrator has the principal's id as its name.
    #disable-next-line what-if-short-circuiting
    administratorPrincipalId: migrationIdentity.outputs.principalId
  }
}

module migration 'modules/migration.bicep' = {
  scope: group
  params: {
    environmentName: 'cae-${token}'
    jobName: 'migrate-${token}'
    location: location
    tags: tags
    imageName: imageName
    registryEndpoint: registry.outputs.endpoint
    subnetId: network.outputs.jobsSubnetId
    identityId: migrationIdentity.outputs.id
    identityClientId: migrationIdentity.outputs.clientId
    databaseConnection: '${database.outputs.directAddress} dbname=${databaseName} user=${migrationIdentityName}'
    appRole: appIdentityName
    appPrincipalId: appIdentity.outputs.principalId
    logId: monitoring.outputs.logId
  }
}

output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.endpoint
output ENTRA_CLIENT_ID string = entraApp.outputs.clientId
output ENTRA_IDENTIFIER_URI string = entraApp.outputs.identifierUri
output MIGRATION_JOB_NAME string = migration.outputs.name
output WEB_APP_NAME string = web.outputs.name
output WEB_APP_RESOURCE_ID string = web.outputs.id
output WEB_APP_URI string = web.outputs.origin
