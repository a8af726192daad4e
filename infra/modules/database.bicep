// The PostgreSQL server, without passwords: accessible only from the private network, and only to Entra identities.
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
param logId string

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

// Certificates are verified by the authorities of the system.
var address = 'host=${server.properties.fullyQualifiedDomainName} sslmode=verify-full'

@description('Where the app connects, without the names of the database and of the role.')
output address string = '${address} port=${pgBouncer ? 6432 : 5432}'

@description('The same without PgBouncer, for migrations.')
output directAddress string = '${address} port=5432'
