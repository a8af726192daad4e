// The private network: subnets for outbound traffic of the app, for the database, which has a private DNS name, and for jobs.
param name string
param zoneName string
param location string
param tags { *: string }

resource network 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] }
    subnets: [
      {
        name: 'web'
        properties: {
          addressPrefix: '10.0.1.0/24'
          delegations: [
            { name: 'web', properties: { serviceName: 'Microsoft.Web/serverFarms' } }
          ]
        }
      }
      {
        name: 'database'
        properties: {
          addressPrefix: '10.0.2.0/24'
          // A server with a standby writes its log to storage on this way.
          serviceEndpoints: [{ service: 'Microsoft.Storage' }]
          delegations: [
            { name: 'database', properties: { serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers' } }
          ]
        }
      }
      {
        name: 'jobs'
        properties: {
          addressPrefix: '10.0.3.0/27'
          delegations: [
            { name: 'jobs', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: zone
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: network.id }
  }
}

output webSubnetId string = '${network.id}/subnets/web'
output databaseSubnetId string = '${network.id}/subnets/database'
output jobsSubnetId string = '${network.id}/subnets/jobs'
output privateDnsZoneId string = zone.id
