// What is on the PostgreSQL server: the database, the server's settings, and its administrator.
param serverName string
param databaseName string
param pgBouncer bool
param administratorName string
param administratorPrincipalId string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' existing = {
  name: serverName
}

// The server accepts one change at a time, so each of these resources depends on the previous one.
resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: databaseName
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

// The last one: it fails if the server is not accessible yet (Azure/azure-postgresql issue 127).
resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: administratorPrincipalId
  dependsOn: [preparedStatements, extensions]
  properties: {
    principalName: administratorName
    principalType: 'ServicePrincipal'
    tenantId: tenant().tenantId
  }
}
