// The job that migrates the database. It runs in the private network, as the database's administrator, when it is started.
param environmentName string
param jobName string
param location string
param tags { *: string }
param imageName string
param registryEndpoint string
param subnetId string
param identityId string
param identityClientId string
param databaseConnection string
@description('The role of the running app, which gets the right to read and write rows.')
param appRole string
param appPrincipalId string
param logId string

// Never runs: the job is started only after the first image is deployed.
var placeholderImage = 'mcr.microsoft.com/k8se/quickstart-jobs:latest'

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: environmentName
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    publicNetworkAccess: 'Disabled'
    vnetConfiguration: { infrastructureSubnetId: subnetId, internal: true }
    workloadProfiles: [
      { name: 'Consumption', workloadProfileType: 'Consumption' }
    ]
  }
}

resource job 'Microsoft.App/jobs@2025-07-01' = {
  name: jobName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Manual'
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      replicaRetryLimit: 2
      replicaTimeout: 1800
      registries: [
        { server: registryEndpoint, identity: identityId }
      ]
    }
    template: {
      containers: [
        {
          name: 'migrate'
          image: empty(imageName) ? placeholderImage : imageName
          args: ['migrate', '--grant-to', appRole, '--grant-to-principal', appPrincipalId]
          env: [
            { name: 'AZURE_CLIENT_ID', value: identityClientId }
            { name: 'AZURE_POSTGRESQL_CONNECTIONSTRING', value: databaseConnection }
            { name: 'DATABASE_AUTH', value: 'entra' }
          ]
          resources: { cpu: json('0.25'), memory: '0.5Gi' }
        }
      ]
    }
  }
}

// No newer version has the categories of logs: 2016-09-01, which the rule names, is older.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: environment
  name: 'to-log-analytics'
  properties: {
    workspaceId: logId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

output name string = job.name
