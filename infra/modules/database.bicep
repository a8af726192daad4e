// PostgreSQL without passwords: accessible only from the private network, and only to an Entra identity.
param name string
param location string
param tags { *: string }
param tier string
param sku string
param highAvailability string
param storageGB int
param backupDays int
param pgBouncer bool
param subnetId string
param privateDnsZoneId string
param administratorName string
param administratorPrincipalId string
param logId string

var databaseName = 'restaurants'

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, tier: tier }
  properties: {
    version: '17'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    storage: { storageSizeGB: storageGB, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: backupDays, geoRedundantBackup: 'Disabled' }
    highAvailability: { mode: highAvailability }
    network: {
      delegatedSubnetResourceId: subnetId
      privateDnsZoneArmResourceId: privateDnsZoneId
    }
  }
}

// The server accepts one change at a time, so each of these resources depends on the previous one.
resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: administratorPrincipalId
  properties: {
    principalName: administratorName
    principalType: 'ServicePrincipal'
    tenantId: tenant().tenantId
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: databaseName
  dependsOn: [administrator]
  properties: { charset: 'UTF8', collation: 'en_US.utf8' }
}

// The migrations create this extension, which speeds up searches.
resource extensions 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = {
  parent: server
  name: 'azure.extensions'
  dependsOn: [database]
  properties: { value: 'PG_TRGM', source: 'user-override' }
}

resource bouncer 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = if (pgBouncer) {
  parent: server
  name: 'pgbouncer.enabled'
  dependsOn: [extensions]
  properties: { value: 'true', source: 'user-override' }
}

// The default, 0, would break the app's prepared statements.
resource preparedStatements 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = if (pgBouncer) {
  parent: server
  name: 'pgbouncer.max_prepared_statements'
  dependsOn: [bouncer]
  properties: { value: '200', source: 'user-override' }
}

// No newer version has the categories of logs: 2016-09-01, which the rule names, is older.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: server
  name: 'to-log-analytics'
  properties: {
    workspaceId: logId
    logs: [
      { category: 'PostgreSQLLogs', enabled: true }
    ]
    metrics: [
      { category: 'AllMetrics', enabled: true }
    ]
  }
}

var port = pgBouncer ? 6432 : 5432
var address = 'host=${server.properties.fullyQualifiedDomainName} port=${port}'

output connection string = '${address} dbname=${databaseName} user=${administratorName} sslmode=verify-full'
